package dev.flowguard.grpo;

import java.util.Collections;
import java.util.List;

/**
 * What the objective saw at one step of a micro-batch, one entry a member in the batch's order; a by-product of the loss
 * that costs no further pass.
 *
 * @param transition the step's scalars
 * @param members whose entries these are
 * @param logRatio logarithm of the importance ratio that was clipped: for GRPO-Guard, after RatioNorm
 * @param aboveRange whether the ratio lies above the trust region, whatever the advantage's sign
 * @param belowRange whether it lies below
 * @param klToReference KL to the reference, unweighted; empty where it was not measured
 */
public record StepDiagnostics(
        Transition transition,
        List<TrainedMember> members,
        List<Double> logRatio,
        List<Boolean> aboveRange,
        List<Boolean> belowRange,
        List<Double> klToReference) {

    public StepDiagnostics {
        members = List.copyOf(members);
        logRatio = List.copyOf(logRatio);
        aboveRange = List.copyOf(aboveRange);
        belowRange = List.copyOf(belowRange);
        klToReference = List.copyOf(klToReference);
    }

    /** Share of the members whose ratio lies above the trust region. */
    public double upperClipFraction() {
        return share(aboveRange);
    }

    /** Share of the members whose ratio lies below the trust region. */
    public double lowerClipFraction() {
        return share(belowRange);
    }

    StepDiagnostics withKlToReference(List<Double> divergence) {
        return new StepDiagnostics(transition, members, logRatio, aboveRange, belowRange, divergence);
    }

    private static double share(List<Boolean> mask) {
        return Collections.frequency(mask, true) / (double) mask.size();
    }
}
