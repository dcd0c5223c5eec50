package dev.flowguard.grpo;

import java.util.stream.IntStream;

/**
 * The weight of a step, outside the trust region, so that it changes no decision about who is clipped. GRPO-Guard's delta
 * evens out the gradients of the steps: after RatioNorm a step's gradient with respect to the velocity is proportional to
 * {@code beta dt}. TempFlow-GRPO's weight damps low-noise steps, whose gradients Flow-GRPO's ratio inflates by {@code 1/s}.
 */
public enum StepWeight {
    /** {@code 1/dt}: the paper's choice for Flow-SDE, where beta is constant below t = 1, so that it evens out exactly. */
    INVERSE_DT {
        @Override
        public double of(TransitionKernel kernel, SigmaSchedule schedule, int step) {
            return 1 / kernel.at(schedule, step).dt();
        }
    },
    /** {@code beta/dt}: as printed for DanceGRPO. Leaves gradients proportional to beta squared. */
    BETA_OVER_DT {
        @Override
        public double of(TransitionKernel kernel, SigmaSchedule schedule, int step) {
            Transition transition = kernel.at(schedule, step);
            return transition.beta() / transition.dt();
        }
    },
    /** {@code 1/(beta dt)}: evens out exactly for every kernel. */
    INVERSE_BETA_DT {
        @Override
        public double of(TransitionKernel kernel, SigmaSchedule schedule, int step) {
            Transition transition = kernel.at(schedule, step);
            return 1 / (transition.beta() * transition.dt());
        }
    },
    /**
     * {@code s / mean(s)}, the mean over all steps but the last: TempFlow-GRPO's noise-aware weight (arXiv:2508.04324,
     * equations 7 and 8), whose code writes the mean as a constant (2.25 = 1/mean for SD3.5 at T = 10, a = .7). With
     * Flow-GRPO's ratio it leaves gradients proportional to {@code beta dt}, as RatioNorm does; on top of RatioNorm it would
     * damp twice.
     */
    RELATIVE_NOISE {
        @Override
        public double of(TransitionKernel kernel, SigmaSchedule schedule, int step) {
            double mean = IntStream.range(0, Math.max(1, schedule.steps() - 1))
                    .mapToDouble(i -> kernel.at(schedule, i).s())
                    .average()
                    .orElseThrow();
            return kernel.at(schedule, step).s() / mean;
        }
    },
    /** 1: the ratio alone. */
    ONE {
        @Override
        public double of(TransitionKernel kernel, SigmaSchedule schedule, int step) {
            return 1;
        }
    };

    /** w of a step of a schedule, positive. */
    public abstract double of(TransitionKernel kernel, SigmaSchedule schedule, int step);
}
