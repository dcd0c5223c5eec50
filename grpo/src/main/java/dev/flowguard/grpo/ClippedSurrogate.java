package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * PPO's clipped surrogate of every member, {@code -w min(r A, clip(r) A)}. The weight stands outside the minimum, so it
 * changes no decision about who is clipped.
 *
 * @param clip the trust region at the batch's own number of latent elements
 * @param weight w of the step
 */
record ClippedSurrogate(ClipRange clip, double weight) {

    /** The loss, given log r as {@code [B]} in fp64 with its graph. */
    StepLoss loss(StepBatch batch, Tensor logRatio) {
        Tensor advantages = advantages(batch, logRatio);
        Tensor free = logRatio.exp().mul(advantages);
        Tensor clipped = logRatio.clamp(-clip.lower(), clip.upper()).exp().mul(advantages);
        return new StepLoss(free.minimum(clipped).mul(-weight), diagnose(batch, logRatio.toDoubles()));
    }

    private static Tensor advantages(StepBatch batch, Tensor logRatio) {
        double[] values =
                batch.members().stream().mapToDouble(TrainedMember::advantage).toArray();
        return Tensor.ofDoubles(logRatio.device(), values, values.length);
    }

    private StepDiagnostics diagnose(StepBatch batch, double[] logRatio) {
        List<Double> values = new ArrayList<>();
        List<Boolean> above = new ArrayList<>();
        List<Boolean> below = new ArrayList<>();
        for (int b = 0; b < logRatio.length; b++) {
            requireFinite(batch, b, logRatio[b]);
            values.add(logRatio[b]);
            above.add(logRatio[b] > clip.upper());
            below.add(logRatio[b] < -clip.lower());
        }
        return new StepDiagnostics(batch.transition(), batch.members(), values, above, below, List.of());
    }

    private static void requireFinite(StepBatch batch, int row, double logRatio) {
        if (!Double.isFinite(logRatio) || !Double.isFinite(Math.exp(logRatio))) {
            TrainedMember member = batch.members().get(row);
            throw new ArithmeticException("group " + member.groupId() + ", member " + member.member() + ", step "
                    + batch.transition().step() + ": log importance ratio is " + logRatio
                    + "; the policy has diverged, lower the learning rate");
        }
    }
}
