package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/** The bound on the absolute advantage that all estimators share (flow_grpo: {@code adv_clip_max}). */
record AdvantageLimit(double limit) {

    AdvantageLimit {
        if (!(limit > 0)) {
            throw new InputException("advantage limit " + limit + "; it must be positive, 5 in flow_grpo");
        }
    }

    double clip(double advantage) {
        return Math.max(-limit, Math.min(limit, advantage));
    }
}
