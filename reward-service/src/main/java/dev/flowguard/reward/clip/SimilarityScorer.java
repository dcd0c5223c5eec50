package dev.flowguard.reward.clip;

import dev.flowguard.models.ClipImageProcessor;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The scorers {@code pickscore}, {@code clipscore} and {@code hpsv2}: how well an image goes with its prompt, as the cosine of their
 * embeddings by a CLIP, times a factor.
 *
 * <p>{@code notes["cosine"]} has the cosine. A prompt of more tokens than the model takes (77) loses its tail, as in the originals.
 */
public final class SimilarityScorer implements Scorer, AutoCloseable {

    /** The id of the PickScore reward, and its name in {@code flowguard.reward.scorers}. */
    public static final String PICKSCORE = "pickscore";

    /** The id of the CLIP score. */
    public static final String CLIPSCORE = "clipscore";

    /** The id of the Human Preference Score v2. */
    public static final String HPSV2 = "hpsv2";

    /** By what PickScore's logits, about 20 to 24, come near 1: {@code pickscore_scorer.py} of flow_grpo. */
    private static final double PICKSCORE_DIVISOR = 26;

    /** By what CLIP's logits come near 1: {@code clip_scorer.py} of flow_grpo. */
    private static final double CLIPSCORE_DIVISOR = 30;

    /** Counts changes of any score. */
    private static final String VERSION = "1";

    /** Likewise of the CLIP score: 2 since images are resized as flow_grpo resizes them. */
    private static final String CLIPSCORE_VERSION = "2";

    private final String id;
    private final ClipEncoder encoder;
    private final String version;
    private final double factor;

    private SimilarityScorer(String id, String version, ClipEncoder encoder, ClipProperties properties, double factor) {
        this.id = id;
        this.encoder = encoder;
        this.version = ClipDescription.version(version, properties.dtype(), encoder.sha256());
        this.factor = factor;
    }

    /**
     * PickScore (Kirstain et al. 2023) as flow_grpo scales it: e^{logit_scale} · cosine / 26.
     *
     * @throws RewardConfigurationException if the model cannot be loaded: one line that says why
     */
    public static SimilarityScorer pickscore(ClipProperties properties) {
        ClipEncoder encoder =
                ClipEncoder.open(ClipDescription.prefix(PICKSCORE), "yuvalkirstain/PickScore_v1", properties);
        return new SimilarityScorer(PICKSCORE, VERSION, encoder, properties, encoder.cosineScale() / PICKSCORE_DIVISOR);
    }

    /**
     * CLIP's {@code logits_per_image} / 30, as flow_grpo has it: 100 · cosine / 30 with OpenAI's weights, of images that are resized bilinearly as
     * tensors, where CLIP's own processor resizes them bicubically in 8 bits.
     *
     * @throws RewardConfigurationException if the model cannot be loaded: one line that says why
     */
    public static SimilarityScorer clipscore(ClipProperties properties) {
        ClipEncoder encoder = ClipEncoder.open(
                ClipDescription.prefix(CLIPSCORE),
                "openai/clip-vit-large-patch14",
                properties,
                SimilarityScorer::asTensors);
        return new SimilarityScorer(
                CLIPSCORE, CLIPSCORE_VERSION, encoder, properties, encoder.cosineScale() / CLIPSCORE_DIVISOR);
    }

    private static Function<RgbImage, float[]> asTensors(ClipImageProcessor processor) {
        // A crop that is larger than what it is cut out of is refused now and not with the first image.
        processor.processUnrounded(new RgbImage(1, 1, new byte[3]));
        return processor::processUnrounded;
    }

    /**
     * Human Preference Score v2 (Wu et al. 2023): the cosine itself, with the image preparation of {@link HpsImageProcessor}.
     *
     * @throws RewardConfigurationException if the model cannot be loaded: one line that says why
     */
    public static SimilarityScorer hpsv2(ClipProperties properties) {
        String prefix = ClipDescription.prefix(HPSV2);
        ClipFolder folder = ClipFolder.find(prefix, "HPS_v2.1 as CLIPModel", properties, false);
        ClipEncoder encoder =
                ClipEncoder.open(prefix, properties, folder, side -> new HpsImageProcessor(side)::process);
        return new SimilarityScorer(HPSV2, VERSION, encoder, properties, 1);
    }

    @Override
    public ScorerDescription description() {
        return ClipDescription.of(id, version, encoder.sha256(), encoder.deterministic())
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .setRangeMin(-factor)
                .setRangeMax(factor)
                .build();
    }

    @Override
    public ScorerWorker newWorker() {
        return new ScorerWorker() {
            @Override
            public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
                return score(items);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {
        encoder.close();
    }

    private List<ScoreOutcome> score(List<ScoreItem> items) {
        float[][] images =
                encoder.imageEmbeddings(items.stream().map(ScoreItem::image).toList());
        float[][] texts =
                encoder.textEmbeddings(items.stream().map(ScoreItem::prompt).toList());
        List<ScoreOutcome> outcomes = new ArrayList<>(items.size());
        for (int i = 0; i < images.length; i++) {
            double cosine = ClipEncoder.cosine(images[i], texts[i]);
            outcomes.add(new ScoreOutcome.Scored(factor * cosine, Map.of("cosine", ClipDescription.digits(cosine))));
        }
        return outcomes;
    }
}
