package dev.flowguard.reward.geneval;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.clip.ClipEncoder;
import dev.flowguard.reward.clip.ClipProperties;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Colours by CLIP, as GenEval asks for them: of ten colours the one whose description is nearest to the picture. A description is the mean of three
 * sentences' embeddings. Thread-safe.
 */
final class ClipColours implements ColourClassifier {

    private final Embeddings clip;
    /** By class; there are no more of them than the detector has. */
    private final Map<String, Map<Colour, float[]>> descriptions = new ConcurrentHashMap<>();

    ClipColours(Embeddings clip) {
        this.clip = clip;
    }

    /** What is needed of a CLIP: embeddings of length 1, a row a text or image. */
    interface Embeddings extends AutoCloseable {

        float[][] ofTexts(List<String> texts);

        float[][] ofImages(List<BufferedImage> images);

        byte[] sha256();

        @Override
        void close();
    }

    /**
     * Loads CLIP. The caller closes it.
     *
     * @throws RewardConfigurationException if it cannot be loaded
     */
    static ClipColours open(ClipProperties properties) {
        ClipEncoder encoder =
                ClipEncoder.open("flowguard.reward.geneval.clip", "openai/clip-vit-large-patch14", properties);
        return new ClipColours(new Embeddings() {
            @Override
            public float[][] ofTexts(List<String> texts) {
                return encoder.textEmbeddings(texts);
            }

            @Override
            public float[][] ofImages(List<BufferedImage> images) {
                return encoder.imageEmbeddings(images);
            }

            @Override
            public byte[] sha256() {
                return encoder.sha256();
            }

            @Override
            public void close() {
                encoder.close();
            }
        });
    }

    @Override
    public List<Colour> coloursOf(String object, List<BufferedImage> crops) {
        Map<Colour, float[]> colours = descriptions.computeIfAbsent(object, this::describe);
        return Arrays.stream(clip.ofImages(crops))
                .map(picture -> nearest(picture, colours))
                .toList();
    }

    private Map<Colour, float[]> describe(String object) {
        Map<Colour, float[]> colours = new EnumMap<>(Colour.class);
        for (Colour colour : Colour.values()) {
            colours.put(
                    colour,
                    mean(clip.ofTexts(List.of(
                            "a photo of a %s %s".formatted(colour, object),
                            "a photo of a %s-colored %s".formatted(colour, object),
                            "a photo of a %s object".formatted(colour)))));
        }
        return colours;
    }

    /** The direction of the mean, of length 1. */
    private static float[] mean(float[][] rows) {
        float[] sum = new float[rows[0].length];
        for (float[] row : rows) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += row[i];
            }
        }
        double length = Math.sqrt(dot(sum, sum));
        for (int i = 0; i < sum.length; i++) {
            sum[i] = (float) (sum[i] / length);
        }
        return sum;
    }

    private static Colour nearest(float[] picture, Map<Colour, float[]> colours) {
        Colour best = Colour.RED;
        double bestCosine = Double.NEGATIVE_INFINITY;
        for (Map.Entry<Colour, float[]> entry : colours.entrySet()) {
            double cosine = dot(picture, entry.getValue());
            if (cosine > bestCosine) {
                best = entry.getKey();
                bestCosine = cosine;
            }
        }
        return best;
    }

    private static double dot(float[] first, float[] second) {
        double sum = 0;
        for (int i = 0; i < first.length; i++) {
            sum += (double) first[i] * second[i];
        }
        return sum;
    }

    @Override
    public byte[] sha256() {
        return clip.sha256();
    }

    @Override
    public void close() {
        clip.close();
    }
}
