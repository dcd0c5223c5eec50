package dev.flowguard.reward.bridge;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the user knows of an endpoint's scores and the protocol does not say.
 *
 * @param version of the model, for Describe and the ledger. Absent: what the endpoint says before it is asked, else {@code unversioned}. Answers of another
 *     version are failures
 * @param deterministic whether the same item always gets the same score
 * @param rangeMin smallest score that can occur; a smaller one is a failure. Absent: unbounded
 * @param rangeMax largest score that can occur; a larger one is a failure. Absent: unbounded
 */
public record ScoreSettings(
        @Nullable String version,
        @DefaultValue("false") boolean deterministic,
        @Nullable Double rangeMin,
        @Nullable Double rangeMax) {

    static final String UNVERSIONED = "unversioned";
}
