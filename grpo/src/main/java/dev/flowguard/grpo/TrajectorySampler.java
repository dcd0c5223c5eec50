package dev.flowguard.grpo;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The denoising loop: from noise to latents along a schedule, stochastic where the plan says so and an ODE step
 * elsewhere.
 *
 * <p>Immutable; a call must be made inside a scope of the calling thread, which then owns the result. Latents and means
 * are fp32 throughout.
 */
public final class TrajectorySampler {
    private final SigmaSchedule schedule;
    private final TransitionKernel stochastic;
    private final TransitionKernel deterministic = new OdeKernel();

    /**
     * Both sides of a run build the same sampler from the same schedule and kernel.
     *
     * @param schedule the noise levels to visit
     * @param kernel of the stochastic steps
     */
    public TrajectorySampler(SigmaSchedule schedule, TransitionKernel kernel) {
        this.schedule = schedule;
        this.stochastic = kernel;
    }

    /**
     * Walks the schedule from its first sigma to 0.
     *
     * @param policy the velocity field to follow
     * @param initialLatents pure noise, {@code [B, C, H, W]}, fp32
     * @param stochasticSteps of a {@link StochasticPlan}; empty for a deterministic trajectory
     * @param noiseSeeds one a member; step i of member b draws its noise from stream i of seed b
     * @throws InputException if a stochastic step lies outside the schedule or adds no noise
     */
    public Trajectory sample(
            VelocityField policy, Tensor initialLatents, List<Integer> stochasticSteps, List<Long> noiseSeeds) {
        requireFits(initialLatents, stochasticSteps, noiseSeeds);
        List<StochasticStep> kept = new ArrayList<>();
        Tensor latents = initialLatents;
        for (int i = 0; i < schedule.steps(); i++) {
            boolean explores = stochasticSteps.contains(i);
            Transition transition = (explores ? stochastic : deterministic).at(schedule, i);
            try (Scope step = Scope.open()) {
                Tensor velocity = policy.velocity(latents, transition.sigma());
                Tensor mean = transition.mean(latents, velocity).keep();
                if (explores) {
                    Tensor noise = noise(noiseSeeds, i, latents);
                    Tensor next = mean.add(noise.mul(transition.s())).keep();
                    kept.add(new StochasticStep(transition, latents, next, mean));
                    latents = next;
                } else {
                    latents = mean;
                }
            }
        }
        return new Trajectory(kept, latents);
    }

    /**
     * The latents that a trajectory starts from: standard normal, a member's own whatever the batch.
     *
     * @param seeds one a member
     * @param latentShape {@code [C, H, W]}
     * @return {@code [B, C, H, W]}, fp32, in the current scope
     */
    public static Tensor initialLatents(Device device, List<Long> seeds, long... latentShape) {
        return MemberNoise.draw(device, seeds, 0, latentShape);
    }

    private static Tensor noise(List<Long> seeds, int step, Tensor latents) {
        long[] shape = latents.shape();
        return MemberNoise.draw(latents.device(), seeds, step, Arrays.copyOfRange(shape, 1, shape.length));
    }

    private void requireFits(Tensor initialLatents, List<Integer> stochasticSteps, List<Long> noiseSeeds) {
        if (initialLatents.dtype() != DType.FLOAT32) {
            throw new IllegalArgumentException("latents are " + initialLatents.dtype() + ", not FLOAT32");
        }
        if (!stochasticSteps.isEmpty() && noiseSeeds.size() != initialLatents.size(0)) {
            throw new IllegalArgumentException(
                    noiseSeeds.size() + " noise seeds for " + initialLatents.size(0) + " members");
        }
        for (int step : stochasticSteps) {
            if (step < 0 || step >= schedule.steps()) {
                throw new InputException(
                        "stochastic step " + step + " lies outside the schedule of " + schedule.steps() + " steps");
            }
            if (!stochastic.at(schedule, step).stochastic()) {
                throw new InputException("step " + step + " is to be stochastic, but the kernel '" + stochastic.name()
                        + "' at noise level " + stochastic.noiseLevel()
                        + " adds no noise there; raise the noise level or leave the step out");
            }
        }
    }
}
