package dev.flowguard.tensor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tensors that lie in the pages of a file. */
class MappedTensorTest {

    private static final Device CPU = Device.cpu();

    private final Compute compute = Compute.on(CPU);
    private final Path file;

    MappedTensorTest(@TempDir Path folder) {
        file = folder.resolve("weights.safetensors");
    }

    @ParameterizedTest
    @EnumSource
    void everyTypeIsWhatReadingGives(DType dtype) {
        compute.inference(() -> {
            Safetensors.write(
                    file,
                    Map.of("a", Tensor.full(CPU, 1, dtype, 3, 5), "empty", Tensor.zeros(CPU, dtype, 0, 2)),
                    Map.of());
            try (SafetensorsFile weights = SafetensorsFile.open(file)) {
                Tensor mapped = weights.map("a");
                assertThat(mapped.dtype()).isEqualTo(dtype);
                assertThat(mapped.shape()).containsExactly(3, 5);
                assertThat(mapped.toBytes()).isEqualTo(weights.read("a", CPU).toBytes());
                assertThat(weights.map("empty").shape()).containsExactly(0, 2);
            }
            return true;
        });
    }

    // INVARIANT: nothing writes to the pages of a file.
    @Test
    void neitherATensorNorAViewOfItCanBeChanged() {
        withMapped(mapped -> {
            List<Function<Tensor, Tensor>> views = List.of(
                    same -> same,
                    x -> x.reshape(-1),
                    x -> x.permute(1, 0),
                    x -> x.transpose(0, 1),
                    x -> x.slice(0, 0, 1),
                    x -> x.unsqueeze(0),
                    x -> x.unsqueeze(0).squeeze(0),
                    x -> x.broadcastTo(2, 4, 4),
                    x -> x.chunk(2, 0).get(1),
                    x -> x.to(x.dtype()),
                    x -> x.to(x.device()),
                    Tensor::detach,
                    Tensor::sameTensor);
            for (Function<Tensor, Tensor> view : views) {
                assertThatThrownBy(() -> view.apply(mapped).assign(Tensor.zeros(CPU, DType.FLOAT32)))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("mapped file");
            }
            assertThatThrownBy(() -> new AdamW(List.of(mapped.requireGradient()), new AdamWConfig(1, .9, .99, 1e-8, 0)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("mapped file");
            mapped.duplicate().assign(Tensor.zeros(CPU, DType.FLOAT32));
            mapped.add(1).assign(Tensor.zeros(CPU, DType.FLOAT32));
            mapped.to(DType.FLOAT16).assign(Tensor.zeros(CPU, DType.FLOAT32));
            assertThat(mapped.toFloats()).containsOnly(2);
        });
    }

    @Test
    void gradientsFlowThroughItAfterTheFileIsClosedDeletedAndTheGarbageCollected() {
        withMapped(mapped -> {
            Tensor x = Tensor.ones(CPU, DType.FLOAT32, 1, 4).requireGradient();
            Tensor loss = Ops.linear(x, mapped.reshape(4, 4), null).sum();
            try {
                Files.delete(file);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            System.gc();
            loss.backward();
            assertThat(requireNonNull(x.gradient()).toFloats()).containsOnly(8);
        });
    }

    @Test
    void whatIsNotAlignedIsCopied() throws IOException {
        Files.write(file, misaligned());
        compute.inference(() -> {
            try (SafetensorsFile weights = SafetensorsFile.open(file)) {
                Tensor copy = weights.map("a");
                copy.assign(copy.mul(2));
                assertThat(copy.toFloats()).containsExactly(3, -4.5f);
                assertThat(weights.read("a", CPU).toFloats()).containsExactly(1.5f, -2.25f);
            }
            return true;
        });
    }

    private void withMapped(java.util.function.Consumer<Tensor> test) {
        compute.training(() -> {
            Safetensors.write(file, Map.of("a", Tensor.full(CPU, 2, DType.FLOAT32, 4, 4)), Map.of());
            Tensor mapped;
            try (SafetensorsFile weights = SafetensorsFile.open(file)) {
                mapped = weights.map("a");
            }
            test.accept(mapped);
            return true;
        });
    }

    /** Two floats behind a header of odd length. */
    private static byte[] misaligned() {
        StringBuilder header = new StringBuilder("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
        if (header.length() % 2 == 0) {
            header.append(' ');
        }
        return ByteBuffer.allocate(Long.BYTES + header.length() + 2 * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length())
                .put(header.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .putFloat(1.5f)
                .putFloat(-2.25f)
                .array();
    }
}
