package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;

/**
 * Writes what tools/parity then draws with the public Python implementations: a pipeline and an adapter, both made by our
 * own code from a seed. Run by hand, and checked by {@link JavaExportTest} ever after.
 */
final class JavaExport {

    static final LoraConfig ADAPTER = new LoraConfig(4, 12, LoraConfig.SD3_ATTENTION);
    private static final long SEED = 42;

    private JavaExport() {}

    static StableDiffusion3Pipeline pipeline() {
        return TinyPipeline.create(SEED);
    }

    /** An adapter whose B is not zero. */
    static LoraAdapter adapter(StableDiffusion3Pipeline pipeline) {
        LoraAdapter adapter = pipeline.transformer().attachAdapter(ADAPTER, SEED);
        try (Scope scope = Scope.open()) {
            long stream = 0;
            for (Tensor parameter : adapter.parameters().values()) {
                stream++;
                parameter.assign(Noise.standardNormal(Device.cpu(), SEED, stream, parameter.shape())
                        .mul(0.3));
            }
        }
        return adapter;
    }

    static void write(Path directory) {
        try (StableDiffusion3Pipeline pipeline = pipeline();
                LoraAdapter adapter = adapter(pipeline);
                Scope scope = Scope.open()) {
            pipeline.save(directory.resolve("pipeline"));
            AdapterFiles.write(directory.resolve("adapter"), ADAPTER, adapter.parameters(), "tiny");
        }
    }

    public static void main(String[] arguments) {
        write(Path.of(arguments[0]));
    }
}
