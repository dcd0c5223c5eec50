package dev.flowguard.learner.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.flowguard.grpo.Annealing;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a setting changes after its warm-up: {@code constant}, {@code linear} or {@code cosine}, as diffusers' schedulers, or
 * {@code {shape: cosine, final_share: 0.1}}.
 *
 * @param shape of its course
 * @param finalShare of its peak, at the end of the run
 */
public record ScheduleSetting(Annealing.Shape shape, double finalShare) {

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    static ScheduleSetting of(
            @JsonProperty("shape") String shape, @JsonProperty("final_share") @Nullable Double finalShare) {
        Annealing.Shape course = Words.read(Annealing.Shape.class, shape);
        double share = finalShare == null ? 0 : finalShare;
        return new ScheduleSetting(course, course == Annealing.Shape.CONSTANT ? 1 : share);
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ScheduleSetting named(String shape) {
        return of(shape, null);
    }

    static ScheduleSetting of(Annealing annealing) {
        return of(Words.write(annealing.shape()), annealing.finalShare());
    }

    /** @param warmup counts over which the setting rises from 0 */
    Annealing annealing(int warmup) {
        return new Annealing(shape, warmup, finalShare);
    }

    @JsonValue
    Object toYaml() {
        if (shape == Annealing.Shape.CONSTANT || finalShare == 0) {
            return Words.write(shape);
        }
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("shape", Words.write(shape));
        keys.put("final_share", finalShare);
        return keys;
    }
}
