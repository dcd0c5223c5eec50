package dev.flowguard.reward.geneval;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.onnx.ImageTensor;
import dev.flowguard.reward.onnx.PixelScale;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An object detector that a user gives as a file, of ONNX or TorchScript. Thread-safe; the caller closes it.
 *
 * <p>Its one input is an image, fp32 [1, 3, H, W], scaled and normalised as {@link GenEvalProperties} says. If H and W are fixed the image is
 * stretched to them, else its shape is kept. Its outputs, by name, each with or without a first axis of 1:
 *
 * <ul>
 *   <li>{@code boxes} [N, 4], float: left, top, right, bottom in pixels of the input
 *   <li>{@code scores} [N], float, in [0, 1]
 *   <li>{@code labels} [N], int64 or int32: class, counted from 0; negative where the row is only padding
 *   <li>{@code masks}, if there is one, [N, h, w] or [N, 1, h, w], float, uint8 or bool: above a half (or true) where the object is. Of any size; it is
 *       stretched over the image
 * </ul>
 */
final class Detector implements AutoCloseable {

    private static final int MAX_DETECTIONS = 10_000;
    private static final Set<String> WITHOUT_MASKS =
            Set.of(DetectorNetwork.BOXES, DetectorNetwork.SCORES, DetectorNetwork.LABELS);
    private static final Set<String> WITH_MASKS =
            Set.of(DetectorNetwork.BOXES, DetectorNetwork.SCORES, DetectorNetwork.LABELS, DetectorNetwork.MASKS);

    private final DetectorNetwork network;
    private final ClassNames names;
    private final PixelScale scale;
    private final int shortSide;
    private final int longSide;

    private Detector(DetectorNetwork network, ClassNames names, GenEvalProperties properties) {
        this.network = network;
        this.names = names;
        this.scale = new PixelScale(properties.mean(), properties.std(), properties.channels());
        this.shortSide = properties.shortSide();
        this.longSide = properties.longSide();
    }

    /**
     * Loads the detector, and tries it on a blank image.
     *
     * @throws RewardConfigurationException if it has not the outputs above, or cannot be loaded
     */
    static Detector open(Path file, ClassNames names, GenEvalProperties properties) {
        DetectorNetwork network = DetectorNetwork.open(file, properties.threads());
        Detector detector = new Detector(network, names, properties);
        try {
            BufferedImage blank =
                    new BufferedImage(properties.shortSide(), properties.shortSide(), BufferedImage.TYPE_3BYTE_BGR);
            detector.detect(blank, true);
            return detector;
        } catch (DetectorException e) {
            detector.close();
            throw new RewardConfigurationException(file + ": " + e.getMessage(), e);
        }
    }

    String sha256() {
        return network.sha256();
    }

    /**
     * Everything that the detector sees, in its order, boxes cut at the image's edges.
     *
     * @param withMasks whether masks are wanted where the detector has them
     * @throws DetectorException if it fails, or gives something else than it must
     */
    List<Detection> detect(BufferedImage image, boolean withMasks) {
        double factor = Math.min(
                (double) longSide / Math.max(image.getWidth(), image.getHeight()),
                (double) shortSide / Math.min(image.getWidth(), image.getHeight()));
        int width = network.fixedWidth().orElse(Math.max(1, (int) (image.getWidth() * factor + .5)));
        int height = network.fixedHeight().orElse(Math.max(1, (int) (image.getHeight() * factor + .5)));
        Map<String, NetworkOutput> outputs =
                network.run(ImageTensor.of(image, width, height, scale), withMasks ? WITH_MASKS : WITHOUT_MASKS);
        return read(outputs, image, width, height);
    }

    private List<Detection> read(Map<String, NetworkOutput> outputs, BufferedImage image, int width, int height) {
        NetworkOutput boxes = required(outputs, DetectorNetwork.BOXES);
        NetworkOutput scores = required(outputs, DetectorNetwork.SCORES);
        NetworkOutput labels = required(outputs, DetectorNetwork.LABELS);
        long count = scores.count();
        if (count > MAX_DETECTIONS
                || boxes.count() != 4 * count
                || (count > 0 && boxes.sizeFromLast(1) != 4)
                || labels.count() != count) {
            throw new DetectorException(
                    "the detector's boxes %s, scores %s and labels %s must be [N, 4], [N] and [N] with N up to %d"
                            .formatted(boxes.shape(), scores.shape(), labels.shape(), MAX_DETECTIONS));
        }
        if (count == 0) {
            return List.of();
        }
        Optional<Masks> masks = Optional.ofNullable(outputs.get(DetectorNetwork.MASKS))
                .map(output -> Masks.of(output, (int) count, image.getWidth(), image.getHeight()));
        NetworkOutput.Numbers sides = boxes.numbers();
        NetworkOutput.Numbers certainties = scores.numbers();
        NetworkOutput.Numbers classes = labels.numbers();
        float across = (float) image.getWidth() / width;
        float down = (float) image.getHeight() / height;
        List<Detection> seen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int label = (int) classes.at(i);
            if (label >= names.size()) {
                throw new DetectorException("the detector gave the label %d, but only %d classes have names"
                        .formatted(label, names.size()));
            }
            if (label < 0) {
                continue;
            }
            float left = within(sides.at(4 * i) * across, image.getWidth());
            float top = within(sides.at(4 * i + 1) * down, image.getHeight());
            Box box = new Box(
                    left,
                    top,
                    Math.max(left, within(sides.at(4 * i + 2) * across, image.getWidth())),
                    Math.max(top, within(sides.at(4 * i + 3) * down, image.getHeight())));
            float score = number(certainties.at(i));
            int index = i;
            seen.add(new Detection(names.of(label), score, box, masks.map(all -> all.of(index))));
        }
        return seen;
    }

    private static NetworkOutput required(Map<String, NetworkOutput> outputs, String name) {
        NetworkOutput output = outputs.get(name);
        if (output == null) {
            throw new DetectorException("the detector gave no " + name);
        }
        return output;
    }

    private static float within(float side, int size) {
        return Math.max(0, Math.min(size, number(side)));
    }

    private static float number(float value) {
        if (Float.isNaN(value)) {
            throw new DetectorException("the detector gave a box or a score that is no number");
        }
        return value;
    }

    /** The masks of all objects, [count, height, width]. */
    private record Masks(NetworkOutput.Numbers samples, int width, int height, int imageWidth, int imageHeight) {

        static Masks of(NetworkOutput output, int count, int imageWidth, int imageHeight) {
            if (output.rank() < 2
                    || output.count() == 0
                    || output.count() != (long) count * output.sizeFromLast(2) * output.sizeFromLast(1)) {
                throw new DetectorException("the detector's masks %s do not fit its %d objects; they must be [N, h, w]"
                        .formatted(output.shape(), count));
            }
            return new Masks(output.numbers(), output.sizeFromLast(1), output.sizeFromLast(2), imageWidth, imageHeight);
        }

        Mask of(int object) {
            int from = Math.multiplyExact(object, height * width);
            return (x, y) -> samples.at(from
                            + (int) ((long) y * height / imageHeight) * width
                            + (int) ((long) x * width / imageWidth))
                    > .5f;
        }
    }

    @Override
    public void close() {
        network.close();
    }
}
