package dev.flowguard.models;

import com.sun.management.OperatingSystemMXBean;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Our half of tools/parity/models/benchmark.py: for every line on the standard input, so many forward and backward passes
 * of the policy with its adapter; answers with CPU seconds, wall seconds and the loss.
 */
final class TransformerBenchmark {

    private TransformerBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[0]);
        Compute compute = Compute.on(Device.cpu());
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        try (StableDiffusion3Pipeline pipeline =
                        StableDiffusion3Pipeline.load(directory.resolve("pipeline"), Device.cpu());
                LoraAdapter adapter =
                        pipeline.transformer().attachAdapter(AdapterFiles.readConfig(directory.resolve("adapter")), 0);
                Golden batch = Golden.openAt(directory.resolve("batch.safetensors"));
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            compute.inference(() -> adapter.load(AdapterFiles.readTensors(directory.resolve("adapter"), Device.cpu())));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                int steps = Integer.parseInt(line.strip());
                long cpu = system.getProcessCpuTime();
                long wall = System.nanoTime();
                float loss = 0;
                for (int i = 0; i < steps; i++) {
                    loss = compute.training(() -> step(pipeline, adapter, batch));
                }
                System.out.println((system.getProcessCpuTime() - cpu) * 1e-9 + " " + (System.nanoTime() - wall) * 1e-9
                        + " " + loss);
            }
        }
    }

    private static float step(StableDiffusion3Pipeline pipeline, LoraAdapter adapter, Golden batch) {
        Tensor velocity = pipeline.transformer()
                .velocity(
                        batch.tensor("latents"),
                        batch.tensor("timestep"),
                        new Conditioning(batch.tensor("context"), batch.tensor("pooled")));
        Tensor loss = velocity.mul(batch.tensor("weight")).mean();
        loss.backward();
        adapter.parameters().values().forEach(Tensor::zeroGradient);
        return loss.item();
    }
}
