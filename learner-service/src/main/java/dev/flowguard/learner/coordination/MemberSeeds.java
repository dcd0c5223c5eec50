package dev.flowguard.learner.coordination;

/**
 * One member of a group: a prompt and the seeds of its noise.
 *
 * @param prompt what to draw
 * @param initialNoise seed of the initial noise
 * @param transitionNoise seed of the noise of the stochastic steps; step i draws from stream i of it
 */
public record MemberSeeds(String prompt, long initialNoise, long transitionNoise) {}
