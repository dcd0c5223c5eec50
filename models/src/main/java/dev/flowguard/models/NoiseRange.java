package dev.flowguard.models;

/**
 * The noise levels of a pipeline's images as diffusers' {@code FlowMatchEulerDiscreteScheduler} makes them: for T steps, T
 * levels evenly from 1 down to {@code lowest}, each then shifted, s -> shift·s / (1 + (shift - 1)·s); and 0 after the last.
 *
 * @param lowest level of the last step, before it is shifted
 * @param shift 1 for none; larger numbers spend more steps at high noise
 */
public record NoiseRange(double lowest, double shift) {}
