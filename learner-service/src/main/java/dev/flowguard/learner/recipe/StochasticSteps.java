package dev.flowguard.learner.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.flowguard.grpo.AllButLast;
import dev.flowguard.grpo.Dwell;
import dev.flowguard.grpo.MovingWindow;
import dev.flowguard.grpo.RandomSubset;
import dev.flowguard.grpo.StochasticPlan;
import dev.flowguard.grpo.TimestepFraction;
import dev.flowguard.grpo.Window;
import dev.flowguard.tensor.InputException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which steps are stochastic, and which of these are trained: {@code all-but-last}, or exactly one of the components, as in
 * {@code {window: {first_start: 0, last_start: 3, size: 2}}} or {@code {random: 3}}.
 *
 * @param window consecutive steps whose first is drawn for each group
 * @param movingWindow consecutive steps that move on over the iterations
 * @param fraction share of the steps that is trained; all but the last are stochastic
 * @param random how many steps are drawn for each group
 * @param firstPart share of the schedule that {@code random} steps come from; absent for all but the last
 */
public record StochasticSteps(
        @Nullable WindowSettings window,
        @Nullable MovingWindowSettings movingWindow,
        @Nullable Double fraction,
        @Nullable Integer random,
        @Nullable Double firstPart) {
    private static final String ALL_BUT_LAST = "all-but-last";
    private static final StochasticSteps WITHOUT_PARAMETERS = new StochasticSteps(null, null, null, null, null);

    /**
     * Consecutive steps whose first is drawn for each group.
     *
     * @param firstStart earliest first step
     * @param lastStart latest first step
     * @param size number of steps
     */
    public record WindowSettings(int firstStart, int lastStart, int size) {}

    /**
     * MixGRPO's window.
     *
     * @param size number of steps
     * @param stride by how many steps it moves; absent for 1
     * @param dwell how many iterations it stays
     * @param rollBack whether it begins anew after the last place; absent for true
     */
    public record MovingWindowSettings(
            int size,
            @Nullable Integer stride,
            DwellSetting dwell,
            @Nullable Boolean rollBack) {
        private MovingWindow plan() {
            return new MovingWindow(size, stride == null ? 1 : stride, dwell.dwell(), rollBack == null || rollBack);
        }

        private static MovingWindowSettings of(MovingWindow plan) {
            return new MovingWindowSettings(plan.size(), plan.stride(), DwellSetting.of(plan.dwell()), plan.rollBack());
        }
    }

    /**
     * How many iterations a window stays: a number, or {@code {first: 30, last: 10}} falling linearly over the schedule, or
     * {@code {iterations: 25, threshold: 13, rate: 0.1}} falling exponentially.
     */
    public record DwellSetting(
            @Nullable Integer first,
            @Nullable Integer last,
            @Nullable Integer iterations,
            @Nullable Integer threshold,
            @Nullable Double rate) {

        @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
        public DwellSetting(
                @JsonProperty("first") @Nullable Integer first,
                @JsonProperty("last") @Nullable Integer last,
                @JsonProperty("iterations") @Nullable Integer iterations,
                @JsonProperty("threshold") @Nullable Integer threshold,
                @JsonProperty("rate") @Nullable Double rate) {
            boolean linear = first != null && last != null;
            boolean falling = threshold != null && rate != null;
            boolean untouched = threshold == null && rate == null;
            if (linear ? iterations != null || !untouched : iterations == null || !(falling || untouched)) {
                throw new IllegalArgumentException("dwell can be a number of iterations, {first: 30, last: 10} or"
                        + " {iterations: 25, threshold: 13, rate: 0.1}");
            }
            this.first = first;
            this.last = last;
            this.iterations = iterations;
            this.threshold = threshold;
            this.rate = rate;
        }

        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        static DwellSetting constant(int iterations) {
            return new DwellSetting(null, null, iterations, null, null);
        }

        @JsonValue
        Object toYaml() {
            if (first != null && last != null) {
                return Map.of("first", first, "last", last);
            }
            int stay = Objects.requireNonNull(iterations);
            return threshold != null && rate != null
                    ? Map.of("iterations", stay, "threshold", threshold, "rate", rate)
                    : stay;
        }

        private Dwell dwell() {
            if (first != null && last != null) {
                return new Dwell.Linear(first, last);
            }
            int stay = Objects.requireNonNull(iterations);
            return threshold != null && rate != null
                    ? new Dwell.Exponential(stay, threshold, rate)
                    : new Dwell.Constant(stay);
        }

        private static DwellSetting of(Dwell dwell) {
            if (dwell instanceof Dwell.Linear linear) {
                return new DwellSetting(linear.first(), linear.last(), null, null, null);
            }
            if (dwell instanceof Dwell.Exponential falling) {
                return new DwellSetting(null, null, falling.iterations(), falling.threshold(), falling.rate());
            }
            return constant(((Dwell.Constant) dwell).iterations());
        }
    }

    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    public StochasticSteps(
            @JsonProperty("window") @Nullable WindowSettings window,
            @JsonProperty("moving_window") @Nullable MovingWindowSettings movingWindow,
            @JsonProperty("fraction") @Nullable Double fraction,
            @JsonProperty("random") @Nullable Integer random,
            @JsonProperty("first_part") @Nullable Double firstPart) {
        long given = Stream.of(window, movingWindow, fraction, random)
                .filter(Objects::nonNull)
                .count();
        if (given > 1) {
            throw new IllegalArgumentException("it can be only one of window, moving_window, fraction and random");
        }
        if (firstPart != null && random == null) {
            throw new IllegalArgumentException(
                    "first_part belongs to random steps, as in {random: 3, first_part: 0.5}");
        }
        this.window = window;
        this.movingWindow = movingWindow;
        this.fraction = fraction;
        this.random = random;
        this.firstPart = firstPart;
    }

    /** Reads the plan that has no parameters. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static StochasticSteps named(String name) {
        if (!name.equals(ALL_BUT_LAST)) {
            throw new IllegalArgumentException(
                    "'" + name + "' is unknown; write all-but-last, {window: {first_start: 0, last_start: 3, size: 2}},"
                            + " {moving_window: {size: 4, stride: 1, dwell: 25}}, {fraction: 0.6} or {random: 3}");
        }
        return WITHOUT_PARAMETERS;
    }

    @JsonValue
    Object toYaml() {
        Map<String, Object> keys = new LinkedHashMap<>();
        put(keys, "window", window);
        put(keys, "moving_window", movingWindow);
        put(keys, "fraction", fraction);
        put(keys, "random", random);
        put(keys, "first_part", firstPart);
        return keys.isEmpty() ? ALL_BUT_LAST : keys;
    }

    private static void put(Map<String, Object> keys, String key, @Nullable Object value) {
        if (value != null) {
            keys.put(key, value);
        }
    }

    /**
     * The setting that stands for a preset's plan.
     *
     * @throws InputException if recipes have no words for it
     */
    static StochasticSteps of(StochasticPlan plan) {
        if (plan instanceof AllButLast) {
            return WITHOUT_PARAMETERS;
        }
        if (plan instanceof Window window) {
            return new StochasticSteps(
                    new WindowSettings(window.firstStart(), window.lastStart(), window.size()), null, null, null, null);
        }
        if (plan instanceof MovingWindow window) {
            return new StochasticSteps(null, MovingWindowSettings.of(window), null, null, null);
        }
        if (plan instanceof TimestepFraction share) {
            return new StochasticSteps(null, null, share.fraction(), null, null);
        }
        if (plan instanceof RandomSubset subset) {
            return new StochasticSteps(
                    null, null, null, subset.count(), subset.firstPart() == 1 ? null : subset.firstPart());
        }
        throw new InputException("recipes have no words for the plan " + plan);
    }

    /** The plan itself. */
    public StochasticPlan plan() {
        if (window != null) {
            return new Window(window.firstStart(), window.lastStart(), window.size());
        }
        if (movingWindow != null) {
            return movingWindow.plan();
        }
        if (fraction != null) {
            return new TimestepFraction(fraction);
        }
        if (random != null) {
            return firstPart == null ? new RandomSubset(random) : new RandomSubset(random, firstPart);
        }
        return new AllButLast();
    }
}
