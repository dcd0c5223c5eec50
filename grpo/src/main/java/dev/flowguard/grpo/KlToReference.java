package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.Arrays;

/**
 * The penalty that ties the policy to its reference, the same network without the adapter, per element and step:
 *
 * <pre>{@code
 * KL = mean((mean_policy - mean_reference)^2) / (2 s^2)                  TRUE
 * dt KL = mean((mean_policy - mean_reference)^2) / (2 g^2)               DT_SCALED
 * }</pre>
 *
 * <p>Sources: Flow-GRPO, arXiv:2505.05470, equation 10; flow_grpo computes the second since July 2025, with ten times the
 * weight. Weights of the two are not interchangeable: they differ in which steps they regularise.
 *
 * @param weight beta_KL, at least 0; 0 for no penalty
 * @param form which of the two
 */
public record KlToReference(double weight, Form form) {

    /** How the divergence of a step is scaled. */
    public enum Form {
        /** The true KL. Published weights: .004 (GenEval, OCR), .001 (PickScore). */
        TRUE,
        /** The true KL times dt. Published weights: .04 (GenEval, OCR), .01 (PickScore). */
        DT_SCALED
    }

    public KlToReference {
        if (!(weight >= 0 && Double.isFinite(weight))) {
            throw new InputException("KL weight " + weight + "; it must be finite and >= 0, 0 for no penalty");
        }
    }

    /** No penalty. */
    public static KlToReference none() {
        return new KlToReference(0, Form.TRUE);
    }

    /** A share of this penalty: {@link Annealing#shareAt}, or more than 1 to tighten the leash. */
    public KlToReference times(double share) {
        return new KlToReference(weight * share, form);
    }

    /** Whether there is a penalty, so that the reference must be evaluated. */
    public boolean enabled() {
        return weight > 0;
    }

    /**
     * A loss with this penalty added to every member.
     *
     * @param loss of the micro-batch, as the objective returned it
     * @param policyMean as given to the objective, with its graph
     * @param referenceMean mean of the same step from the same latents under the reference, without a graph
     */
    public StepLoss addTo(StepLoss loss, Tensor policyMean, Tensor referenceMean) {
        Transition step = loss.diagnostics().transition();
        Tensor kl = new GaussianStep(policyMean, step.s()).divergence(new GaussianStep(referenceMean, step.s()));
        double scale = form == Form.TRUE ? 1 : step.dt();
        return new StepLoss(
                loss.perMember().add(kl.mul(weight * scale)),
                loss.diagnostics()
                        .withKlToReference(Arrays.stream(kl.toDoubles()).boxed().toList()));
    }
}
