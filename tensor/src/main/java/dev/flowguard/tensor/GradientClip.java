package dev.flowguard.tensor;

import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;

/** Bounds gradients before an optimizer step. */
public final class GradientClip {

    /** As in PyTorch: keeps the division safe, and the clipped norm a hair below its bound. */
    private static final double EPSILON = 1e-6;

    private GradientClip() {}

    /**
     * Scales all gradients by one factor so that their common Euclidean norm is at most {@code maxNorm}, as
     * {@code torch.nn.utils.clip_grad_norm_}. Parameters without a gradient count as zero.
     *
     * <p>If the norm is NaN or infinite the gradients are left as they are: scaling would spread the NaN to all of them. The
     * caller sees it in the result and must not step.
     *
     * @param maxNorm above 0
     * @return the norm before clipping
     */
    public static double globalNorm(List<Tensor> parameters, double maxNorm) {
        if (!(maxNorm > 0)) {
            throw new IllegalArgumentException("the largest norm must be above 0, not " + maxNorm);
        }
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.enter()) {
            List<Tensor> gradients = new ArrayList<>();
            List<Tensor> norms = new ArrayList<>();
            for (Tensor parameter : parameters) {
                Tensor gradient = parameter.gradient();
                if (gradient != null) {
                    gradients.add(gradient);
                    norms.add(gradient.norm());
                }
            }
            if (gradients.isEmpty()) {
                return 0;
            }
            double norm = Ops.stack(norms, 0).norm().itemDouble();
            double factor = maxNorm / (norm + EPSILON);
            if (Double.isFinite(norm) && factor < 1) {
                Tensor scale = Tensor.full(gradients.get(0).device(), factor, DType.FLOAT32);
                for (Tensor gradient : gradients) {
                    JniUtils.muli(gradient.array(), scale.array());
                }
            }
            return norm;
        }
    }
}
