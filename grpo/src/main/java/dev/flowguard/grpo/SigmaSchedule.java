package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The noise levels that a trajectory visits: T + 1 sigmas, strictly falling from at most 1 to exactly 0. Step i leads
 * from sigma_i to sigma_i+1. Held in fp64 so that every scalar derived from it is exact; rounding to fp32 happens where
 * a number enters the model or a tensor.
 *
 * <p>Two sides that sample and train on the same trajectory must hold the same numbers; {@link #sha256()} is how they
 * find out. Immutable and thread-safe.
 */
public final class SigmaSchedule {
    /** How many noise levels the models were trained on (diffusers: {@code num_train_timesteps}). */
    private static final int TRAINING_LEVELS = 1000;

    private final double[] sigmas;

    private SigmaSchedule(double[] sigmas) {
        this.sigmas = sigmas;
    }

    /**
     * The schedule of given sigmas.
     *
     * @throws InputException unless there are at least two, strictly falling, the first in (0, 1], the last 0
     */
    public static SigmaSchedule of(double... sigmas) {
        if (sigmas.length < 2) {
            throw new InputException("sigma schedule: " + sigmas.length + " sigmas; give T + 1 of them, T >= 1");
        }
        if (!(sigmas[0] > 0 && sigmas[0] <= 1)) {
            throw new InputException("sigma schedule: the first sigma is " + sigmas[0] + "; it must be in (0, 1]");
        }
        for (int i = 1; i < sigmas.length; i++) {
            if (!(sigmas[i] < sigmas[i - 1])) {
                throw new InputException("sigma schedule: sigma " + i + " is " + sigmas[i] + " after " + sigmas[i - 1]
                        + "; sigmas must fall strictly");
            }
        }
        if (sigmas[sigmas.length - 1] != 0) {
            throw new InputException(
                    "sigma schedule: the last sigma is " + sigmas[sigmas.length - 1] + "; it must be 0");
        }
        return new SigmaSchedule(sigmas.clone());
    }

    /**
     * The schedule that diffusers' {@code FlowMatchEulerDiscreteScheduler} makes: {@code f(s) = shift s / (1 + (shift - 1)
     * s)} applied to {@code linspace(1, lowest, T)}, then 0. A pipeline says which lowest level and which shift are its
     * own.
     *
     * @param steps T, at least 1
     * @param lowest level of the last step before it is shifted, in (0, 1]
     * @param shift s of f; 1 for none
     */
    public static SigmaSchedule shifted(int steps, double lowest, double shift) {
        requireSteps(steps, 1);
        if (!(shift > 0 && shift < TRAINING_LEVELS)) {
            throw new InputException("sigma schedule: shift is " + shift + "; it must be in (0, 1000), 3 for SD3");
        }
        if (!(lowest > 0 && lowest <= 1)) {
            throw new InputException("sigma schedule: the lowest level is " + lowest + "; it must be in (0, 1]");
        }
        return of(IntStream.rangeClosed(0, steps)
                .mapToDouble(i -> i < steps ? shift(1 + i * (lowest - 1) / Math.max(1, steps - 1), shift) : 0)
                .toArray());
    }

    /**
     * Stable Diffusion 3's schedule with a static shift: its lowest level {@code f(1/1000)} was shifted already. The lower
     * end is thus shifted twice: the last step is almost a no-op and the one before it the longest.
     *
     * @param steps T, at least 2 (diffusers' linspace leaves a single step nothing to walk)
     * @param shift 3 for SD3 and SD3.5; 1 for none
     */
    public static SigmaSchedule sd3(int steps, double shift) {
        requireSteps(steps, 2);
        return shifted(steps, shift(1.0 / TRAINING_LEVELS, shift), shift);
    }

    /** T, the number of steps. */
    public int steps() {
        return sigmas.length - 1;
    }

    /** sigma_i for i in 0..T. */
    public double sigma(int i) {
        return sigmas[i];
    }

    /** The time that the network is given at step i: {@code 1000 sigma_i}, rounded to fp32 as diffusers does. */
    public float timestep(int i) {
        return (float) (TRAINING_LEVELS * sigmas[i]);
    }

    /** All T + 1 sigmas; a copy. */
    public double[] toArray() {
        return sigmas.clone();
    }

    /** SHA-256 (32 bytes) over the T + 1 sigmas as big-endian fp64. */
    public byte[] sha256() {
        ByteBuffer bytes = ByteBuffer.allocate(sigmas.length * Double.BYTES);
        for (double sigma : sigmas) {
            bytes.putDouble(sigma);
        }
        return DigestUtils.sha256(bytes.array());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SigmaSchedule that && Arrays.equals(sigmas, that.sigmas);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sigmas);
    }

    @Override
    public String toString() {
        return "SigmaSchedule" + Arrays.toString(sigmas);
    }

    private static double shift(double sigma, double shift) {
        // The denominator is 1 + (shift - 1) sigma, written so that sigma = 1 stays exactly 1.
        return shift * sigma / (shift * sigma + (1 - sigma));
    }

    private static void requireSteps(int steps, int least) {
        if (steps < least || steps > TRAINING_LEVELS) {
            throw new InputException(
                    "sigma schedule: " + steps + " steps; it must be " + least + " to " + TRAINING_LEVELS);
        }
    }
}
