package dev.flowguard.reward.artefact;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The scorer {@code artefact}: minus the corruption of an image, in [-1, 0], whatever it shows; 0 is a clean image. Higher is
 * better, as for every score that is watched. Three shares that {@link ArtefactMeasure} defines make it up:
 *
 * <pre>  score = (1 − noise)(1 − blur)(1 − clipping) − 1</pre>
 *
 * <p>There is no absolute clean: texture counts as a little noise and shallow focus as blur. Compare a policy with itself.
 */
public final class ArtefactScorer implements Scorer {

    /** The scorer's id, and its name in {@code flowguard.reward.scorers}. */
    public static final String ID = "artefact";

    /** Counts changes of the measure. */
    private static final String VERSION = "1";

    @Override
    public ScorerDescription description() {
        return ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion(VERSION)
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .setArity(Arity.ARITY_POINTWISE)
                .setRangeMin(-1)
                .setRangeMax(0)
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
                return items.stream().map(ArtefactScorer::score).toList();
            }

            @Override
            public void close() {}
        };
    }

    private static ScoreOutcome score(ScoreItem item) {
        if (item.image().getWidth() < ArtefactMeasure.LEAST_SIDE
                || item.image().getHeight() < ArtefactMeasure.LEAST_SIDE) {
            return new ScoreOutcome.Invalid("the image is below " + ArtefactMeasure.LEAST_SIDE
                    + " pixels a side, too small to tell its artefacts");
        }
        ArtefactMeasure measure = ArtefactMeasure.of(item.image());
        return new ScoreOutcome.Scored(
                measure.score(),
                Map.of(
                        "noise", share(measure.noise()),
                        "blur", share(measure.blur()),
                        "clipping", share(measure.clipping())));
    }

    private static String share(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
