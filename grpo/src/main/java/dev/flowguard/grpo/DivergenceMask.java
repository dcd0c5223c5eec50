package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Flow-DPPO's trust region: not the ratio is bounded but the divergence of the step itself,
 *
 * <pre>{@code
 * D         = mean(delta^2) / (2 s^2)
 * surrogate = r A m - lambda D,          m = 0 where D >= tau and A pushes r further from 1, else 1
 * }</pre>
 *
 * <p>D does not depend on the noise that was drawn, only on how far the policy has moved: it is symmetric and means the same at
 * every step without RatioNorm, and, a mean over elements, the same at every latent size. Sources: Flow-DPPO,
 * arXiv:2606.11025; UniRL's {@code flowdppo.py}. The paper states the KL as a sum, the code's threshold is an element's.
 *
 * @param threshold tau, positive; 1e-5 in UniRL
 * @param penalty lambda, at least 0; 0 for none
 */
public record DivergenceMask(double threshold, double penalty) implements TrustRegion {

    public DivergenceMask {
        if (!(threshold > 0 && Double.isFinite(threshold) && penalty >= 0 && Double.isFinite(penalty))) {
            throw new InputException("divergence threshold " + threshold + ", penalty " + penalty
                    + "; the threshold must be positive, 1e-5 in Flow-DPPO, and the penalty at least 0");
        }
    }

    @Override
    public Tensor surrogate(PolicyChange change, Tensor logRatio, double scale) {
        Tensor divergence = change.divergence();
        double[] distances = divergence.toDoubles();
        double[] ratios = logRatio.toDoubles();
        double[] mask = IntStream.range(0, ratios.length)
                .mapToDouble(b -> side(ratios[b], distances[b], scale).stops(change.advantage(b)) ? 0 : 1)
                .toArray();
        Tensor kept = change.advantages().mul(Tensor.ofDoubles(logRatio.device(), mask, mask.length));
        Tensor gain = logRatio.exp().mul(kept);
        return penalty == 0 ? gain : gain.sub(divergence.mul(penalty));
    }

    @Override
    public Side side(double logRatio, double divergence, double scale) {
        if (divergence < threshold) {
            return Side.INSIDE;
        }
        return logRatio > 0 ? Side.ABOVE : Side.BELOW;
    }
}
