/**
 * The mathematics of the GRPO family for flow-matching models: which noise levels a trajectory visits ({@link
 * dev.flowguard.grpo.SigmaSchedule}), how it moves between them ({@link dev.flowguard.grpo.TransitionKernel}), which
 * moves are random ({@link dev.flowguard.grpo.StochasticPlan}), what a member of a group is worth ({@link
 * dev.flowguard.grpo.AdvantageEstimator}) and what the policy is trained to minimise ({@link
 * dev.flowguard.grpo.Objective}). An algorithm is a composition of these: a {@link dev.flowguard.grpo.Preset}.
 *
 * <p><b>Symbols.</b> {@code t} is the noise level sigma in (0, 1], 1 being pure noise; {@code dt = sigma_i -
 * sigma_i+1 > 0}; {@code v = dx/dt = noise - data} the velocity; {@code g} the diffusion coefficient; {@code s = g
 * sqrt(dt)} the standard deviation of one step; {@code D} the number of elements of one sample's latent; {@code mean}
 * without more said is taken over those D elements.
 */
@NullMarked
package dev.flowguard.grpo;

import org.jspecify.annotations.NullMarked;
