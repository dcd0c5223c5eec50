package dev.flowguard.reward.clip;

import dev.flowguard.models.ClipImageProcessor;
import dev.flowguard.models.ClipModel;
import dev.flowguard.models.ClipTokenizer;
import dev.flowguard.models.RgbImage;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A CLIP that is loaded: images and texts to embeddings of length 1.
 *
 * <p>Thread-safe. Images are prepared on the calling thread; the networks run one call at a time for each device
 * ({@link Compute}), whoever calls. libtorch is loaded with the first encoder of the process and not before.
 *
 * <p>A text is encoded on its own and remembered, so its embedding depends on nothing else. So does an image's, unless several go through the
 * network together ({@link ClipProperties#imagesPerPass}); what that changes is rounding.
 */
public final class ClipEncoder implements AutoCloseable {

    /** What a GPU gets by default: enough to keep it busy. */
    private static final int IMAGES_PER_PASS_ON_A_GPU = 32;

    /** Bounds the memory of a pass. */
    private static final int MAX_IMAGES_PER_PASS = 256;

    /** A few megabytes; a run of GRPO scores each prompt many times in a row. */
    private static final int MAX_TEXTS_REMEMBERED = 1024;

    private final ClipModel model;
    private final ClipTokenizer tokenizer;
    private final Function<RgbImage, float[]> preprocessing;
    private final Device device;
    private final int imagesPerPass;
    private final Compute compute;
    private final double logitScale;
    private final byte[] sha256;
    private final Map<String, float[]> texts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
            return size() > MAX_TEXTS_REMEMBERED;
        }
    };

    private ClipEncoder(
            ClipModel model,
            ClipTokenizer tokenizer,
            Function<RgbImage, float[]> preprocessing,
            Device device,
            int imagesPerPass,
            byte[] sha256) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.preprocessing = preprocessing;
        this.device = device;
        this.imagesPerPass = imagesPerPass;
        this.compute = Compute.on(device);
        this.logitScale = compute.inference(model::logitScale);
        this.sha256 = sha256;
    }

    /**
     * Loads a CLIP with the image processor that its folder describes. The caller closes it.
     *
     * @param prefix of its settings for messages, such as {@code flowguard.reward.clipscore}
     * @param original which CLIP it ought to be, for messages, such as {@code openai/clip-vit-large-patch14}
     * @throws RewardConfigurationException if it cannot be loaded: one line that says why, or which files are missing
     */
    public static ClipEncoder open(String prefix, String original, ClipProperties properties) {
        return open(prefix, original, properties, processor -> processor::process);
    }

    /**
     * The same with another way to apply that image processor.
     *
     * @param preprocessing what an image becomes, [3, side, side]
     */
    static ClipEncoder open(
            String prefix,
            String original,
            ClipProperties properties,
            Function<ClipImageProcessor, Function<RgbImage, float[]>> preprocessing) {
        ClipFolder folder = ClipFolder.find(prefix, original, properties, true);
        return open(prefix, properties, folder, side -> {
            ClipImageProcessor processor =
                    ClipImageProcessor.load(folder.processor().resolve(ClipFolder.IMAGE_PROCESSOR));
            if (processor.cropWidth() != side || processor.cropHeight() != side) {
                throw new InputException(
                        "%s crops to %d x %d pixels, but the model's image_size is %d: take the processor that belongs to it"
                                .formatted(
                                        folder.processor().resolve(ClipFolder.IMAGE_PROCESSOR),
                                        processor.cropWidth(),
                                        processor.cropHeight(),
                                        side));
            }
            return preprocessing.apply(processor);
        });
    }

    /**
     * Loads a CLIP with an image processor of its own.
     *
     * @param preprocessing for images of that side: what an image becomes, [3, side, side]
     */
    static ClipEncoder open(
            String prefix,
            ClipProperties properties,
            ClipFolder folder,
            Function<Integer, Function<RgbImage, float[]>> preprocessing) {
        try {
            Device device = Device.parse(properties.device());
            DType dtype = DType.parse(properties.dtype());
            device.requireUsable();
            int imagesPerPass = imagesPerPass(prefix, properties, device);
            ClipTokenizer tokenizer = ClipTokenizer.load(folder.processor());
            ClipModel model = ClipModel.load(folder.model(), device, dtype);
            if (tokenizer.vocabularySize() > model.config().text().vocabSize()) {
                throw new InputException("%s has %d tokens, the model only %d: take the tokenizer that belongs to it"
                        .formatted(
                                folder.processor(),
                                tokenizer.vocabularySize(),
                                model.config().text().vocabSize()));
            }
            return new ClipEncoder(
                    model,
                    tokenizer,
                    preprocessing.apply(model.config().vision().imageSize()),
                    device,
                    imagesPerPass,
                    folder.sha256());
        } catch (InputException e) {
            throw new RewardConfigurationException(prefix + ": " + e.getMessage(), e);
        }
    }

    /**
     * Embeddings of images.
     *
     * @param images of 8 bits, grey or RGB, of any sizes; may be none
     * @return one row an image, [B][D], each of length 1
     */
    public float[][] imageEmbeddings(List<BufferedImage> images) {
        float[][] embeddings = new float[images.size()][];
        for (int from = 0; from < images.size(); from += imagesPerPass) {
            List<BufferedImage> part = images.subList(from, Math.min(images.size(), from + imagesPerPass));
            float[][] rows = encode(part);
            System.arraycopy(rows, 0, embeddings, from, rows.length);
        }
        return embeddings;
    }

    /**
     * Embeddings of texts. A text of more tokens than the model takes loses its tail.
     *
     * @param wanted may repeat; may be none
     * @return one row a text, [B][D], each of length 1; not to be written to, as the rows are remembered
     */
    public float[][] textEmbeddings(List<String> wanted) {
        return wanted.stream().map(this::textEmbedding).toArray(float[][]::new);
    }

    /** Whether an embedding is the same to the bit whatever is computed beside it. */
    public boolean deterministic() {
        return imagesPerPass == 1;
    }

    /** Length of an embedding. */
    public int dimension() {
        return model.config().projectionDim();
    }

    /** The factor by which this CLIP turns cosines into logits: e^{logit_scale}, 100 for OpenAI's. */
    public double cosineScale() {
        return Math.exp(logitScale);
    }

    /** SHA-256 (32 bytes) over the files that embeddings follow from. */
    public byte[] sha256() {
        return sha256.clone();
    }

    /** Frees the networks, once the pass that is running has ended. */
    @Override
    public void close() {
        compute.inference(() -> {
            model.close();
            return true;
        });
        tokenizer.close();
    }

    /** The cosine of two embeddings, in [-1, 1]. */
    public static double cosine(float[] first, float[] second) {
        double sum = 0;
        for (int i = 0; i < first.length; i++) {
            sum += (double) first[i] * second[i];
        }
        // Rounding must not carry a score out of the range that its scorer declares. A NaN stays one.
        return Math.max(-1, Math.min(1, sum));
    }

    private static int imagesPerPass(String prefix, ClipProperties properties, Device device) {
        Integer wanted = properties.imagesPerPass();
        if (wanted == null) {
            return device.type() == Device.Type.CPU ? 1 : IMAGES_PER_PASS_ON_A_GPU;
        }
        if (wanted < 1 || wanted > MAX_IMAGES_PER_PASS) {
            throw new RewardConfigurationException(
                    "%s.images-per-pass must be in 1..%d, not %d".formatted(prefix, MAX_IMAGES_PER_PASS, wanted));
        }
        return wanted;
    }

    private float[][] encode(List<BufferedImage> images) {
        int side = model.config().vision().imageSize();
        int count = 3 * side * side;
        float[] pixels = new float[images.size() * count];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(preprocessing.apply(RgbImage.of(images.get(i))), 0, pixels, i * count, count);
        }
        float[] features =
                compute.inference(() -> model.imageFeatures(Tensor.of(device, pixels, images.size(), 3, side, side))
                        .toFloats());
        float[][] rows = new float[images.size()][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = normalized(features, i * dimension());
        }
        return rows;
    }

    private float[] textEmbedding(String text) {
        synchronized (texts) {
            float[] known = texts.get(text);
            if (known != null) {
                return known;
            }
        }
        long[] ids = tokenizer.encode(text, model.config().text().maxPositionEmbeddings());
        float[] features =
                compute.inference(() -> model.textFeatures(List.of(ids)).toFloats());
        float[] embedding = normalized(features, 0);
        synchronized (texts) {
            texts.put(text, embedding);
        }
        return embedding;
    }

    private float[] normalized(float[] features, int from) {
        double squares = 0;
        for (int i = 0; i < dimension(); i++) {
            squares += (double) features[from + i] * features[from + i];
        }
        double length = Math.sqrt(squares);
        float[] embedding = new float[dimension()];
        for (int i = 0; i < embedding.length; i++) {
            embedding[i] = (float) (features[from + i] / length);
        }
        return embedding;
    }
}
