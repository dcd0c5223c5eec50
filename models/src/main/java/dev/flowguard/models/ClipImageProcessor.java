package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.awt.Rectangle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Images to what a CLIP's vision transformer takes, as transformers' {@code CLIPImageProcessor} does it with Pillow: resize, cut out the
 * centre, scale to [0, 1], normalise each channel. (From version 5 on transformers prefers torchvision, whose rounding differs by a level;
 * {@code CLIPImageProcessorPil} is the one that this equals.)
 *
 * <p>Immutable and thread-safe.
 *
 * @param resize to what size
 * @param filter how
 * @param cropWidth of the centre; where the resized image is smaller it gets a black border
 * @param cropHeight of the centre
 * @param mean of each channel, red first; subtracted from values in [0, 1]
 * @param std of each channel; the result is divided by it
 */
public record ClipImageProcessor(
        Resize resize, PilFilter filter, int cropWidth, int cropHeight, List<Double> mean, List<Double> std) {

    /** {@code OPENAI_CLIP_MEAN} of transformers. */
    public static final List<Double> OPENAI_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);

    /** {@code OPENAI_CLIP_STD} of transformers. */
    public static final List<Double> OPENAI_STD = List.of(0.26862954, 0.26130258, 0.27577711);

    private static final int CHANNELS = 3;
    private static final double BLACK_TO_WHITE = 255;

    /** To what size an image is brought before its centre is cut out. */
    public sealed interface Resize {

        /** {@code {"shortest_edge": n}}: the shorter side gets that length, the other keeps the aspect, rounded down. */
        record ShortestEdge(int length) implements Resize {}

        /** {@code {"height": h, "width": w}}, whatever the aspect. */
        record Exact(int width, int height) implements Resize {}
    }

    public ClipImageProcessor {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.size() != CHANNELS || std.size() != CHANNELS || std.contains(0.0)) {
            throw new IllegalArgumentException("an image has three channels, whose deviations are not 0: " + std);
        }
        if (cropWidth < 1 || cropHeight < 1) {
            throw new IllegalArgumentException("the crop is at least one pixel, not " + cropWidth + " x " + cropHeight);
        }
    }

    /**
     * Reads {@code preprocessor_config.json}.
     *
     * @throws InputException if it asks for anything that this class does not do: one line that names the key
     */
    public static ClipImageProcessor load(Path file) {
        ConfigFile config = ConfigFile.read(file);
        for (String step : List.of("do_resize", "do_center_crop", "do_rescale", "do_normalize")) {
            if (!config.flag(step, true)) {
                throw config.invalid(step, "is false, but every step of CLIP's preprocessing is needed here");
            }
        }
        double factor = config.number("rescale_factor", 1 / BLACK_TO_WHITE);
        if (Math.abs(factor * BLACK_TO_WHITE - 1) > 1e-6) {
            throw config.invalid("rescale_factor", "must be 1/255, not " + factor);
        }
        Resize crop = size(config, "crop_size", true);
        if (!(crop instanceof Resize.Exact exact)) {
            throw config.invalid("crop_size", "must have height and width");
        }
        return new ClipImageProcessor(
                size(config, "size", false),
                filter(config),
                exact.width(),
                exact.height(),
                channels(config, "image_mean", OPENAI_MEAN),
                channels(config, "image_std", OPENAI_STD));
    }

    /** A whole number is a square crop, or the shorter side to resize to: so old files have it. */
    private static Resize size(ConfigFile config, String key, boolean square) {
        if (!config.root().path(key).isObject()) {
            int length = config.positive(key, 224);
            return square ? new Resize.Exact(length, length) : new Resize.ShortestEdge(length);
        }
        ConfigFile size = config.object(key);
        if (size.has("shortest_edge")) {
            if (size.root().size() != 1) {
                throw config.invalid(key, "has more than shortest_edge, which is not supported: " + size.root());
            }
            return new Resize.ShortestEdge(size.positive("shortest_edge", 0));
        }
        return new Resize.Exact(size.positive("width", 0), size.positive("height", 0));
    }

    private static PilFilter filter(ConfigFile config) {
        int number = config.integer("resample", 3);
        PilFilter filter = Map.of(1, PilFilter.LANCZOS, 2, PilFilter.BILINEAR, 3, PilFilter.BICUBIC)
                .get(number);
        if (filter == null) {
            throw config.invalid("resample", "must be 1 (Lanczos), 2 (bilinear) or 3 (bicubic), not " + number);
        }
        return filter;
    }

    private static List<Double> channels(ConfigFile config, String key, List<Double> absent) {
        if (!config.has(key)) {
            return absent;
        }
        JsonNode node = config.root().path(key);
        List<Double> values = node.valueStream().map(JsonNode::asDouble).toList();
        if (values.size() != CHANNELS || !node.valueStream().allMatch(JsonNode::isNumber)) {
            throw config.invalid(key, "must be three numbers, not " + node);
        }
        if (key.equals("image_std") && values.contains(0.0)) {
            throw config.invalid(key, "must not be 0: channels are divided by it");
        }
        return values;
    }

    /**
     * Preprocesses images.
     *
     * @param images at least one, of any sizes
     * @return [B, 3, cropHeight, cropWidth], FLOAT32, in the current scope
     */
    public Tensor process(Device device, List<RgbImage> images) {
        float[] values = new float[Math.multiplyExact(images.size(), valuesPerImage())];
        for (int i = 0; i < images.size(); i++) {
            process(images.get(i), values, i * valuesPerImage());
        }
        return Tensor.of(device, values, images.size(), CHANNELS, cropHeight, cropWidth);
    }

    /** What one image becomes: [3, cropHeight, cropWidth]. */
    public float[] process(RgbImage image) {
        float[] values = new float[valuesPerImage()];
        process(image, values, 0);
        return values;
    }

    /**
     * What one image becomes where torchvision's {@code Resize}, {@code CenterCrop} and {@code Normalize} of this configuration are given it as a
     * float tensor, as they are by Flow-GRPO's CLIP score: resized bilinearly with antialias, whatever {@code filter} is, and nothing is rounded.
     *
     * @return [3, cropHeight, cropWidth]
     */
    public float[] processUnrounded(RgbImage image) {
        PilResize own = resizing(image);
        PilResize resizing = new PilResize(own.width(), own.height(), PilFilter.BILINEAR);
        Rectangle inside = new Rectangle(resizing.width(), resizing.height());
        // Halves go to the even number, as by Python's round.
        Rectangle crop = new Rectangle(
                (int) Math.rint((resizing.width() - cropWidth) / 2.0),
                (int) Math.rint((resizing.height() - cropHeight) / 2.0),
                cropWidth,
                cropHeight);
        if (!inside.contains(crop)) {
            throw new InputException("an image that is resized to %d x %d has no centre of %d x %d to cut out"
                    .formatted(resizing.width(), resizing.height(), cropWidth, cropHeight));
        }
        float[] values = resizing.applyUnrounded(image, crop);
        int plane = cropWidth * cropHeight;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((values[i] - mean.get(i / plane)) / std.get(i / plane));
        }
        return values;
    }

    private int valuesPerImage() {
        return Math.multiplyExact(Math.multiplyExact(CHANNELS, cropHeight), cropWidth);
    }

    private void process(RgbImage image, float[] values, int from) {
        PilResize resizing = resizing(image);
        // The place of the crop in the resized image: floored as in transformers' center_crop. A negative place is a
        // border.
        int left = Math.floorDiv(resizing.width() - cropWidth, 2);
        int top = Math.floorDiv(resizing.height() - cropHeight, 2);
        Rectangle inside = new Rectangle(left, top, cropWidth, cropHeight)
                .intersection(new Rectangle(resizing.width(), resizing.height()));
        byte[] samples = resizing.apply(image, inside).samples();
        for (int channel = 0; channel < CHANNELS; channel++) {
            float[] levels = levels(mean.get(channel), std.get(channel));
            for (int y = 0; y < cropHeight; y++) {
                for (int x = 0; x < cropWidth; x++) {
                    int column = left + x - inside.x;
                    int row = top + y - inside.y;
                    boolean border = column < 0 || row < 0 || column >= inside.width || row >= inside.height;
                    int level = border ? 0 : samples[(row * inside.width + column) * CHANNELS + channel] & 0xff;
                    values[from + (channel * cropHeight + y) * cropWidth + x] = levels[level];
                }
            }
        }
    }

    /** transformers' {@code get_resize_output_image_size} with {@code default_to_square=False}. */
    private PilResize resizing(RgbImage image) {
        if (resize instanceof Resize.Exact exact) {
            return new PilResize(exact.width(), exact.height(), filter);
        }
        int length = ((Resize.ShortestEdge) resize).length();
        boolean upright = image.width() <= image.height();
        double shorter = upright ? image.width() : image.height();
        double longer = upright ? image.height() : image.width();
        int other = (int) (length * longer / shorter);
        return new PilResize(upright ? length : other, upright ? other : length, filter);
    }

    /** What each level becomes. */
    private static float[] levels(double mean, double std) {
        float[] levels = new float[256];
        for (int level = 0; level < levels.length; level++) {
            levels[level] = (float) ((level / BLACK_TO_WHITE - mean) / std);
        }
        return levels;
    }
}
