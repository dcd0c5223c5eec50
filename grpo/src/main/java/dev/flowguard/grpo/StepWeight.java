package dev.flowguard.grpo;

/**
 * The weight delta that GRPO-Guard gives a step, outside the clip, to even out the gradients of the steps. After RatioNorm
 * a step's gradient with respect to the velocity is proportional to {@code beta dt}.
 */
public enum StepWeight {
    /** {@code 1/dt}: the paper's choice for Flow-SDE, where beta is constant below t = 1, so that it evens out exactly. */
    INVERSE_DT {
        @Override
        double of(Transition step) {
            return 1 / step.dt();
        }
    },
    /** {@code beta/dt}: as printed for DanceGRPO. Leaves gradients proportional to beta squared. */
    BETA_OVER_DT {
        @Override
        double of(Transition step) {
            return step.beta() / step.dt();
        }
    },
    /** {@code 1/(beta dt)}: evens out exactly for every kernel. */
    INVERSE_BETA_DT {
        @Override
        double of(Transition step) {
            return 1 / (step.beta() * step.dt());
        }
    },
    /** 1: RatioNorm alone. */
    ONE {
        @Override
        double of(Transition step) {
            return 1;
        }
    };

    abstract double of(Transition step);
}
