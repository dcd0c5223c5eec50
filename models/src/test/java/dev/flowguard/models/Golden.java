package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A golden file of tools/parity: inputs and what the public implementation made of them. */
final class Golden implements AutoCloseable {

    static final Path ROOT = Path.of("src/test/resources/parity");
    private static final String GRADIENT = "grad.";

    private final SafetensorsFile file;

    private Golden(SafetensorsFile file) {
        this.file = file;
    }

    static Golden open(String path) {
        return openAt(ROOT.resolve(path));
    }

    static Golden openAt(Path file) {
        return new Golden(SafetensorsFile.open(file));
    }

    Tensor tensor(String name) {
        return file.read(name, Device.cpu());
    }

    boolean has(String name) {
        return file.names().contains(name);
    }

    float[] floats(String name) {
        return tensor(name).toFloats();
    }

    /** The rows of an INT64 matrix. */
    static List<long[]> rows(Tensor ids) {
        long[] flat = ids.toLongs();
        int length = Math.toIntExact(ids.size(1));
        List<long[]> rows = new ArrayList<>();
        for (int start = 0; start < flat.length; start += length) {
            rows.add(Arrays.copyOfRange(flat, start, start + length));
        }
        return rows;
    }

    static List<String> prompts(String path) {
        return ConfigFile.read(ROOT.resolve(path)).texts("prompts");
    }

    void assertClose(String name, Tensor actual, double tolerance) {
        assertThat(actual.shape()).as(name).isEqualTo(tensor(name).shape());
        assertThat(maxDifference(floats(name), actual.toFloats())).as(name).isLessThan(tolerance);
    }

    /**
     * Every gradient of the file, relative to its own largest element; or to a thousandth of the largest of all, since some
     * are zero but for rounding (softmax does not see the bias of a key).
     */
    void assertGradients(Map<String, Tensor> parameters) {
        List<String> golden = new ArrayList<>();
        for (String name : file.names()) {
            if (name.startsWith(GRADIENT)) {
                golden.add(name.substring(GRADIENT.length()));
            }
        }
        assertThat(golden).isNotEmpty();
        double largest = golden.stream()
                .mapToDouble(name -> maxAbs(floats(GRADIENT + name)))
                .max()
                .orElseThrow();
        for (String name : golden) {
            Tensor parameter = parameters.get(name);
            assertThat(parameter).as(name).isNotNull();
            Tensor gradient = parameter == null ? null : parameter.gradient();
            assertThat(gradient).as("gradient of " + name).isNotNull();
            if (gradient != null) {
                float[] expected = floats(GRADIENT + name);
                double scale = Math.max(maxAbs(expected), 1e-3 * largest);
                assertThat(maxDifference(expected, gradient.toFloats()) / scale)
                        .as("gradient of " + name + ", whose largest element is " + scale)
                        .isLessThan(1e-3);
            }
        }
    }

    static double maxDifference(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        double max = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = Math.abs((double) a[i] - b[i]);
            if (!(difference <= max)) {
                max = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
            }
        }
        return max;
    }

    private static double maxAbs(float[] values) {
        return maxDifference(values, new float[values.length]);
    }

    @Override
    public void close() {
        file.close();
    }
}
