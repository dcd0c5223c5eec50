package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.Locale;

/**
 * Checks, before the first update of an iteration, that the policy in training gives back the steps that were sampled with
 * it: with the same weights every importance ratio is exactly 1. Where it is not, the two sides differ in weights, dtype,
 * batch geometry or schedule, and training would learn from the difference; so it refuses.
 *
 * @param tolerance largest absolute log-ratio that passes
 */
public record UnitRatioCanary(double tolerance) {
    /** What fp32 rounding may amount to, and well below every clip range in use. */
    public static final double DEFAULT_TOLERANCE = 1e-6;

    public UnitRatioCanary {
        if (!(tolerance >= 0)) {
            throw new InputException("canary tolerance " + tolerance + "; it must be >= 0, 1e-6 by default");
        }
    }

    /** The canary at {@link #DEFAULT_TOLERANCE}. */
    public static UnitRatioCanary standard() {
        return new UnitRatioCanary(DEFAULT_TOLERANCE);
    }

    /**
     * Passes if every ratio of a micro-batch is 1.
     *
     * @param batch a micro-batch sampled with the weights that the policy has now
     * @param policyMean mean of the step under the policy
     * @param diagnostics of the objective on this batch
     * @throws UnitRatioException naming the first member whose ratio is not 1, and where the two means differ most
     */
    public void requireUnitRatio(StepBatch batch, Tensor policyMean, StepDiagnostics diagnostics) {
        for (int row = 0; row < diagnostics.logRatio().size(); row++) {
            if (!(Math.abs(diagnostics.logRatio().get(row)) <= tolerance)) {
                throw new UnitRatioException(describe(batch, policyMean, diagnostics, row));
            }
        }
    }

    private String describe(StepBatch batch, Tensor policyMean, StepDiagnostics diagnostics, int row) {
        TrainedMember member = batch.members().get(row);
        float[] sampled = row(batch.oldMean(), row);
        float[] trained = row(policyMean.detach(), row);
        int worst = 0;
        for (int i = 1; i < sampled.length; i++) {
            if (Math.abs(trained[i] - sampled[i]) > Math.abs(trained[worst] - sampled[worst])) {
                worst = i;
            }
        }
        return String.format(
                Locale.ROOT,
                "first-update canary: group %d, member %d, step %d (sigma %.6f): log ratio %.3e exceeds %.1e; the means"
                        + " differ most at element %d of %d, %.8g when sampled and %.8g in training; check that both"
                        + " sides hold the same adapter, dtype, guidance scale and batch size",
                member.groupId(),
                member.member(),
                batch.transition().step(),
                batch.transition().sigma(),
                diagnostics.logRatio().get(row),
                tolerance,
                worst,
                sampled.length,
                sampled[worst],
                trained[worst]);
    }

    private static float[] row(Tensor batch, int row) {
        return batch.slice(0, row, row + 1).toFloats();
    }
}
