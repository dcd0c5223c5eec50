package dev.flowguard.reward.reference;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.LumaPlane;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerVersion;
import dev.flowguard.reward.ScorerWorker;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The scorer {@code reference-similarity}: how close an image comes to what its prompt should look like, in [-1, 1]. The
 * measure is {@link Reference}'s; of several references of a prompt the most similar counts.
 *
 * <p>A prompt without a reference, and an image of another size, are invalid items, never zeros.
 */
public final class ReferenceSimilarityScorer implements Scorer {

    /** The scorer's id, and its name in {@code flowguard.reward.scorers}. */
    public static final String ID = "reference-similarity";

    /** Counts changes of the measure. */
    private static final String VERSION = "1";

    private final ReferenceIndex.Content index;

    private ReferenceSimilarityScorer(ReferenceIndex.Content index) {
        this.index = index;
    }

    /**
     * Reads the references.
     *
     * @throws RewardConfigurationException if there are none, or they cannot be read
     */
    public static ReferenceSimilarityScorer open(ReferenceProperties properties) {
        Path file = properties.index();
        if (file == null) {
            throw new RewardConfigurationException("scorer " + ID
                    + " has no references: name their index with flowguard.reward.reference-similarity.index=FILE");
        }
        return new ReferenceSimilarityScorer(ReferenceIndex.read(file));
    }

    @Override
    public ScorerDescription description() {
        byte[] sha256 = HexFormat.of().parseHex(index.sha256());
        return ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion(ScorerVersion.of(VERSION + "+refs", sha256))
                .setWeightsSha256(ByteString.copyFrom(sha256))
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .setArity(Arity.ARITY_POINTWISE)
                .setRangeMin(-1)
                .setRangeMax(1)
                .setDeterministic(true)
                .build();
    }

    @Override
    public boolean gainsFromBatches() {
        return false;
    }

    @Override
    public ScorerWorker newWorker() {
        return new ScorerWorker() {
            @Override
            public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
                return items.stream().map(ReferenceSimilarityScorer.this::score).toList();
            }

            @Override
            public void close() {}
        };
    }

    private ScoreOutcome score(ScoreItem item) {
        List<Reference> references = index.references().get(item.prompt());
        if (references == null) {
            return new ScoreOutcome.Invalid("the prompt has no reference image; add it to the index of references");
        }
        LumaPlane image = LumaPlane.of(item.image());
        double best = -1;
        for (Reference reference : references) {
            if (!reference.fits(image)) {
                return new ScoreOutcome.Invalid("the image is %d x %d pixels, a reference of its prompt %d x %d"
                        .formatted(image.width(), image.height(), reference.width(), reference.height()));
            }
            best = Math.max(best, reference.similarity(image));
        }
        return new ScoreOutcome.Scored(best, Map.of());
    }
}
