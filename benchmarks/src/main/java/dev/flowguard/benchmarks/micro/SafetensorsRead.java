package dev.flowguard.benchmarks.micro;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Opening a file of weights and copying all of it into libtorch, from the page cache: 128 tensors of 1 MiB. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@State(org.openjdk.jmh.annotations.Scope.Thread)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class SafetensorsRead {

    private static final int TENSORS = 128;
    private static final int SIDE = 512;

    private Path file;

    @Setup
    public void write() throws IOException {
        file = Files.createTempFile("benchmark", ".safetensors");
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (int i = 0; i < TENSORS; i++) {
                tensors.put("layer." + i, Tensor.full(Device.cpu(), i, DType.FLOAT32, SIDE, SIDE));
            }
            Safetensors.write(file, tensors, Map.of());
        }
    }

    @Benchmark
    public long readAll() {
        long elements = 0;
        try (SafetensorsFile weights = SafetensorsFile.open(file)) {
            for (String name : weights.names()) {
                try (Scope scope = Scope.open()) {
                    elements += weights.read(name, Device.cpu()).elementCount();
                }
            }
        }
        return elements;
    }

    @TearDown
    public void delete() throws IOException {
        Files.delete(file);
    }
}
