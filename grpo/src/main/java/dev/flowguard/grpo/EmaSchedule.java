package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.OptionalDouble;

/**
 * How an exponential moving average follows the trained parameters: {@code average <- d average + (1 - d) parameter}
 * with {@code d = min((1 + n) / (10 + n), decay)}, at every {@code interval}-th optimizer step, where n counts the
 * optimizer steps of the run from 0. The warm-up lets the average forget the start. Source: flow_grpo's {@code
 * EMAModuleWrapper}; there it runs once per micro-batch and so applies the same n several times, here once per optimizer
 * step.
 *
 * @param decay upper bound of d, in [0, 1)
 * @param interval in optimizer steps, at least 1
 */
public record EmaSchedule(double decay, int interval) {

    public EmaSchedule {
        if (!(decay >= 0 && decay < 1)) {
            throw new InputException("EMA decay " + decay + "; it must be in [0, 1), .9 in flow_grpo");
        }
        if (interval < 1) {
            throw new InputException("EMA interval " + interval + "; it must be at least 1 optimizer step");
        }
    }

    /**
     * The d to apply after optimizer step n, or nothing where the average rests.
     *
     * @param n optimizer steps of the run before this one, from 0
     */
    public OptionalDouble decayAfter(long n) {
        return (n + 1) % interval == 0
                ? OptionalDouble.of(Math.min((1.0 + n) / (10.0 + n), decay))
                : OptionalDouble.empty();
    }
}
