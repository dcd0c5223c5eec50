package dev.flowguard.learner.coordination;

import dev.flowguard.learner.prompts.Prompt;

/**
 * One member of a group: a prompt and the seeds of its noise.
 *
 * @param prompt what to draw, with what its scorers may know
 * @param initialNoise seed of the initial noise
 * @param transitionNoise seed of the noise of the stochastic steps; step i draws from stream i of it
 */
public record MemberSeeds(Prompt prompt, long initialNoise, long transitionNoise) {}
