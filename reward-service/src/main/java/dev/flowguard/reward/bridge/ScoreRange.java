package dev.flowguard.reward.bridge;

import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.reward.ScoreOutcome;
import org.jspecify.annotations.Nullable;

/** The scores that may occur, as Describe promises them. A score beyond says that the endpoint is not what it was taken for. */
record ScoreRange(@Nullable Double min, @Nullable Double max) {

    ScoreOutcome check(ScoreOutcome outcome) {
        if (!(outcome instanceof ScoreOutcome.Scored scored)) {
            return outcome;
        }
        double value = scored.value();
        if (!Double.isFinite(value)) {
            return new ScoreOutcome.Failed("the endpoint's score is not finite: " + value);
        }
        if ((min != null && value < min) || (max != null && value > max)) {
            return new ScoreOutcome.Failed("the endpoint's score %s is out of the range [%s, %s] that is set for it"
                    .formatted(value, min == null ? "-∞" : min, max == null ? "∞" : max));
        }
        return outcome;
    }

    void describe(ScorerDescription.Builder description) {
        if (min != null) {
            description.setRangeMin(min);
        }
        if (max != null) {
            description.setRangeMax(max);
        }
    }
}
