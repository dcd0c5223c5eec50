package dev.flowguard.reward.clip;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * LAION's aesthetic predictor without its CLIP: linear layers in a row (768-1024-128-64-16-1) with nothing but dropout between them,
 * which is off in use. Layers without activations are one layer: w · x + b, folded in double precision.
 */
final class AestheticHead {

    private static final Pattern WEIGHT = Pattern.compile("(layers\\.(\\d{1,3})\\.)weight");

    private static final String REMEDY = ": convert LAION's head with tools/rewards/convert_aesthetic.py";

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
            double[] folded = {1};
            double bias = 0;
            for (String layer : lastLayerFirst(path, file)) {
                long in = inputs(path, file, layer, folded.length);
                float[] shift = floats(path, file, layer + "bias", folded.length);
                for (int i = 0; i < folded.length; i++) {
                    bias += folded[i] * shift[i];
                }
                folded = times(folded, floats(path, file, layer + "weight", folded.length * in), (int) in);
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

    /** The names of the layers up to "weight" and "bias". */
    private static Collection<String> lastLayerFirst(Path path, SafetensorsFile file) {
        TreeMap<Integer, String> layers = new TreeMap<>(Comparator.reverseOrder());
        for (String name : file.names()) {
            Matcher matcher = WEIGHT.matcher(name);
            if (matcher.matches()) {
                layers.put(Integer.parseInt(matcher.group(2)), matcher.group(1));
            }
        }
        if (layers.isEmpty()) {
            throw new InputException(path + " holds no layers.N.weight" + REMEDY);
        }
        return layers.values();
    }

    /** How many numbers a layer takes that gives so many. */
    private static long inputs(Path path, SafetensorsFile file, String layer, int outputs) {
        List<Long> shape = file.info(layer + "weight").shape();
        if (shape.size() != 2 || shape.get(0) != outputs || shape.get(1) > MAX_WIDTH) {
            throw new InputException(
                    "%s: %sweight has shape %s, but %d outputs are expected".formatted(path, layer, shape, outputs)
                            + REMEDY);
        }
        return shape.get(1);
    }

    private static float[] floats(Path path, SafetensorsFile file, String name, long count) {
        TensorInfo info = file.names().contains(name) ? file.info(name) : null;
        if (info == null
                || !info.dtype().isFloating()
                || info.shape().stream().reduce(1L, Math::multiplyExact) != count) {
            throw new InputException("%s: %s is not there with %d real numbers".formatted(path, name, count) + REMEDY);
        }
        return Compute.on(Device.cpu())
                .inference(() -> file.read(name, Device.cpu()).to(DType.FLOAT32).toFloats());
    }
}
