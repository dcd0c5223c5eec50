package dev.flowguard.grpo;

import dev.flowguard.grpo.TrustRegion.Side;
import java.util.Collections;
import java.util.List;

/**
 * What the objective saw at one step of a micro-batch, one entry a member in the batch's order; a by-product of the loss
 * that costs no further pass.
 *
 * @param transition the step's scalars
 * @param members whose entries these are
 * @param logRatio logarithm of the importance ratio that the objective used
 * @param densityLogRatio as {@link ImportanceRatio#DENSITY} has it, before RatioNorm
 * @param normalisedLogRatio as {@link ImportanceRatio#RATIO_NORM} has it
 * @param divergence KL(policy || old) an element
 * @param sides where the ratio lies, whatever the advantage's sign
 * @param velocityGradient Euclidean norm of d loss / d velocity without the KL penalty; 0 where the trust region stops the
 *     member
 * @param klToReference KL to the reference, unweighted; empty where it was not measured
 */
public record StepDiagnostics(
        Transition transition,
        List<TrainedMember> members,
        List<Double> logRatio,
        List<Double> densityLogRatio,
        List<Double> normalisedLogRatio,
        List<Double> divergence,
        List<Side> sides,
        List<Double> velocityGradient,
        List<Double> klToReference) {

    public StepDiagnostics {
        members = List.copyOf(members);
        logRatio = List.copyOf(logRatio);
        densityLogRatio = List.copyOf(densityLogRatio);
        normalisedLogRatio = List.copyOf(normalisedLogRatio);
        divergence = List.copyOf(divergence);
        sides = List.copyOf(sides);
        velocityGradient = List.copyOf(velocityGradient);
        klToReference = List.copyOf(klToReference);
    }

    /** Share of the members whose ratio lies above the trust region. */
    public double upperClipFraction() {
        return share(Side.ABOVE);
    }

    /** Share of the members whose ratio lies below the trust region. */
    public double lowerClipFraction() {
        return share(Side.BELOW);
    }

    StepDiagnostics withKlToReference(List<Double> kl) {
        return new StepDiagnostics(
                transition,
                members,
                logRatio,
                densityLogRatio,
                normalisedLogRatio,
                divergence,
                sides,
                velocityGradient,
                kl);
    }

    private double share(Side side) {
        return Collections.frequency(sides, side) / (double) sides.size();
    }
}
