package dev.flowguard.reward.clip;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * LAION's aesthetic predictor without its CLIP: linear layers in a row (768-1024-128-64-16-1) with nothing but dropout between them,
 * which is off in use. Layers without activations are one layer: w · x + b, folded in double precision.
 */
final class AestheticHead {

    private static final Pattern WEIGHT = Pattern.compile("layers\\.(\\d{1,3})\\.weight");

    /** LAION's widest layer has 1024 units; nothing larger is meant. */
    private static final int MAX_WIDTH = 1 << 14;

    private final double[] weights;
    private final double bias;

    private AestheticHead(double[] weights, double bias) {
        this.weights = weights;
        this.bias = bias;
    }

    /**
     * Reads {@code layers.N.weight} [out, in] and {@code layers.N.bias} [out], in the order of N.
     *
     * @throws InputException if the file holds no such layers
     */
    static AestheticHead load(Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            TreeMap<Integer, String> layers = new TreeMap<>();
            for (String name : file.names()) {
                Matcher matcher = WEIGHT.matcher(name);
                if (matcher.matches()) {
                    layers.put(
                            Integer.parseInt(matcher.group(1)), name.substring(0, name.length() - "weight".length()));
                }
            }
            double[] folded = {1};
            double bias = 0;
            for (String layer : layers.descendingMap().values()) {
                TensorInfo weight = info(path, file, layer + "weight");
                List<Long> shape = weight.shape();
                if (shape.size() != 2 || shape.get(0) != folded.length || shape.get(1) > MAX_WIDTH) {
                    throw new InputException(
                            "%s: %sweight has shape %s, but %d outputs are expected: convert LAION's head with tools/rewards/convert_aesthetic.py"
                                    .formatted(path, layer, shape, folded.length));
                }
                float[] shift = floats(file, layer + "bias", path, folded.length);
                for (int i = 0; i < folded.length; i++) {
                    bias += folded[i] * shift[i];
                }
                folded = times(
                        folded,
                        floats(file, layer + "weight", path, folded.length * shape.get(1)),
                        shape.get(1).intValue());
            }
            if (layers.isEmpty()) {
                throw new InputException(path
                        + " holds no layers.N.weight: convert LAION's head with tools/rewards/convert_aesthetic.py");
            }
            return new AestheticHead(folded, bias);
        }
    }

    /** Length of the embeddings that it rates. */
    int width() {
        return weights.length;
    }

    /** The rating of an embedding of length 1. */
    double rate(float[] embedding) {
        double sum = bias;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * embedding[i];
        }
        return sum;
    }

    /** The lowest rating that an embedding of length 1 can get. */
    double lowest() {
        return bias - norm();
    }

    /** The highest. */
    double highest() {
        return bias + norm();
    }

    private double norm() {
        double squares = 0;
        for (double weight : weights) {
            squares += weight * weight;
        }
        return Math.sqrt(squares);
    }

    /** [out] · [out, in] */
    private static double[] times(double[] row, float[] matrix, int in) {
        double[] product = new double[in];
        for (int i = 0; i < row.length; i++) {
            for (int j = 0; j < in; j++) {
                product[j] += row[i] * matrix[i * in + j];
            }
        }
        return product;
    }

    private static TensorInfo info(Path path, SafetensorsFile file, String name) {
        if (!file.names().contains(name) || !file.info(name).dtype().isFloating()) {
            throw new InputException(
                    path + ": " + name + " is missing or holds no real numbers: convert LAION's head with"
                            + " tools/rewards/convert_aesthetic.py");
        }
        return file.info(name);
    }

    private static float[] floats(SafetensorsFile file, String name, Path path, long count) {
        long found = info(path, file, name).shape().stream().reduce(1L, Math::multiplyExact);
        if (found != count) {
            throw new InputException("%s: %s has %d values, but %d are expected".formatted(path, name, found, count));
        }
        return Compute.on(Device.cpu())
                .inference(() -> file.read(name, Device.cpu()).to(DType.FLOAT32).toFloats());
    }
}
