package dev.flowguard.learner.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.flowguard.grpo.ClipRange;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The trust region of the ratio: {@code auto} for the preset's, or c as papers state it, or {@code {lower: c, upper: c}} per
 * side; for latents of SD3.5 at 512 x 512. The range in use follows from the run's own latent size ({@link ClipRange}).
 *
 * @param lower c below; null for {@code auto}
 * @param upper c above; null for {@code auto}
 */
public record ClipSetting(@Nullable Double lower, @Nullable Double upper) {
    private static final String AUTO = "auto";

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ClipSetting of(Object value) {
        if (value.equals(AUTO)) {
            return new ClipSetting(null, null);
        }
        if (value instanceof Map<?, ?> sides) {
            Object lower = sides.get("lower");
            Object upper = sides.get("upper");
            if (lower == null || upper == null || !Set.of("lower", "upper").equals(sides.keySet())) {
                throw new IllegalArgumentException(sides + " is no clip range; write {lower: 2e-6, upper: 2e-6}");
            }
            return new ClipSetting(number(lower), number(upper));
        }
        return new ClipSetting(number(value), number(value));
    }

    private static Double number(Object value) {
        try {
            return Double.valueOf(value.toString());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'" + value
                            + "' is no clip range; write auto, a number such as 2e-6, or {lower: 2e-6, upper: 4e-6}",
                    e);
        }
    }

    /**
     * The range; null for the preset's.
     *
     * @param ofRatio whether the bounds are the ratio's, {@code 1 - lower <= r <= 1 + upper}, and not its logarithm's
     * @throws dev.flowguard.tensor.InputException if there can be no such range
     */
    @Nullable
    ClipRange range(boolean ofRatio) {
        if (lower == null || upper == null) {
            return null;
        }
        return ofRatio ? ClipRange.ofRatio(lower, upper) : new ClipRange(lower, upper);
    }

    @JsonValue
    Object toYaml() {
        if (lower == null || upper == null) {
            return AUTO;
        }
        if (lower.equals(upper)) {
            return lower;
        }
        Map<String, Object> sides = new LinkedHashMap<>();
        sides.put("lower", lower);
        sides.put("upper", upper);
        return sides;
    }
}
