package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;

/** What PyTorch computed: tensors from a file that tools/parity/tensor/golden.py wrote. */
final class Golden {

    private final Map<String, Tensor> tensors;

    private Golden(Map<String, Tensor> tensors) {
        this.tensors = tensors;
    }

    /** Reads a file into the current scope. */
    static Golden read(String name) {
        return new Golden(Safetensors.decode(ByteBuffer.wrap(bytes(name)), Device.cpu()));
    }

    static byte[] bytes(String name) {
        try (InputStream in = Objects.requireNonNull(Golden.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean has(String name) {
        return tensors.containsKey(name);
    }

    Tensor get(String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    /** A copy that requires a gradient. */
    Tensor leaf(String name) {
        return get(name).duplicate().requireGradient();
    }

    /** Requires the largest difference, relative to the largest golden value but at least to 1e-3, to be within the tolerance. */
    void requireClose(String name, Tensor actual, double tolerance) {
        Tensor expected = get(name);
        assertThat(actual.shape()).as(name).isEqualTo(expected.shape());
        double scale = 1e-3;
        for (float value : expected.toFloats()) {
            scale = Math.max(scale, Math.abs(value));
        }
        float[] wanted = expected.toFloats();
        float[] found = actual.toFloats();
        for (int i = 0; i < wanted.length; i++) {
            assertThat(Math.abs(found[i] - wanted[i]) / scale)
                    .as("%s[%d]: %s, PyTorch %s", name, i, found[i], wanted[i])
                    .isLessThanOrEqualTo(tolerance);
        }
    }
}
