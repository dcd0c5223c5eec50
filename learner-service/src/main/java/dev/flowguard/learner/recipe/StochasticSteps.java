package dev.flowguard.learner.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.flowguard.grpo.AllButLast;
import dev.flowguard.grpo.RandomSubset;
import dev.flowguard.grpo.StochasticPlan;
import dev.flowguard.grpo.Window;
import dev.flowguard.tensor.InputException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which steps are stochastic: {@code all-but-last}, or {@code {window: {first_start: 0, last_start: 3, size: 2}}}, or
 * {@code {random: 3}}.
 */
public record StochasticSteps(
        @Nullable WindowSettings window, @Nullable Integer random) {
    private static final String ALL_BUT_LAST = "all-but-last";

    /**
     * Consecutive steps whose first is drawn for each group.
     *
     * @param firstStart earliest first step
     * @param lastStart latest first step
     * @param size number of steps
     */
    public record WindowSettings(int firstStart, int lastStart, int size) {}

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public StochasticSteps(
            @JsonProperty("window") @Nullable WindowSettings window, @JsonProperty("random") @Nullable Integer random) {
        if (window != null && random != null) {
            throw new IllegalArgumentException("it can be a window or random, not both");
        }
        this.window = window;
        this.random = random;
    }

    /** Reads the plan that has no parameters. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static StochasticSteps named(String name) {
        if (!name.equals(ALL_BUT_LAST)) {
            throw new IllegalArgumentException(
                    "'" + name + "' is unknown; write all-but-last, {window: {first_start: 0, last_start: 3, size: 2}}"
                            + " or {random: 3}");
        }
        return new StochasticSteps(null, null);
    }

    @JsonValue
    Object toYaml() {
        if (window != null) {
            return Map.of("window", window);
        }
        return random != null ? Map.of("random", random) : ALL_BUT_LAST;
    }

    /**
     * The setting that stands for a preset's plan.
     *
     * @throws InputException if recipes have no words for it
     */
    static StochasticSteps of(StochasticPlan plan) {
        if (plan instanceof AllButLast) {
            return new StochasticSteps(null, null);
        }
        if (plan instanceof Window window) {
            return new StochasticSteps(
                    new WindowSettings(window.firstStart(), window.lastStart(), window.size()), null);
        }
        if (plan instanceof RandomSubset subset && subset.firstPart() == 1) {
            return new StochasticSteps(null, subset.count());
        }
        throw new InputException("recipes cannot say " + plan + " yet");
    }

    /** The plan itself. */
    public StochasticPlan plan() {
        if (window != null) {
            return new Window(window.firstStart(), window.lastStart(), window.size());
        }
        return random != null ? new RandomSubset(random) : new AllButLast();
    }
}
