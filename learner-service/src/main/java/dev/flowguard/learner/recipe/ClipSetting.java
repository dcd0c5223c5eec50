package dev.flowguard.learner.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * The trust region: {@code auto} for the preset's, or c as papers state it, for latents of SD3.5 at 512 x 512. Either way
 * the range in use follows from the run's own latent size ({@link dev.flowguard.grpo.ClipRange}).
 *
 * @param c null for {@code auto}
 */
public record ClipSetting(@Nullable Double c) {
    private static final String AUTO = "auto";

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ClipSetting of(Object value) {
        if (value.equals(AUTO)) {
            return new ClipSetting(null);
        }
        try {
            return new ClipSetting(Double.valueOf(value.toString()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'" + value + "' is no clip range; write auto or a number such as 2e-6", e);
        }
    }

    @JsonValue
    Object toYaml() {
        return c == null ? AUTO : c;
    }
}
