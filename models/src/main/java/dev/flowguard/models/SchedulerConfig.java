package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of diffusers' {@code FlowMatchEulerDiscreteScheduler}, as {@code scheduler/scheduler_config.json} has them.
 *
 * @param shift static shift s of the noise levels, t -> s·t / (1 + (s - 1)·t); 3 for Stable Diffusion 3
 * @param useDynamicShifting whether the shift depends on the number of image tokens instead, as for FLUX.1-dev
 * @param baseShift dynamic shift μ at {@code baseImageSeqLen} tokens; linear in the number of tokens
 * @param maxShift dynamic shift μ at {@code maxImageSeqLen} tokens
 * @param baseImageSeqLen tokens
 * @param maxImageSeqLen tokens
 * @param timeShiftType how μ becomes the shift of the noise levels
 */
public record SchedulerConfig(
        double shift,
        boolean useDynamicShifting,
        double baseShift,
        double maxShift,
        int baseImageSeqLen,
        int maxImageSeqLen,
        TimeShiftType timeShiftType) {

    /** {@code time_shift_type}. */
    public enum TimeShiftType {
        /** s = e^μ */
        EXPONENTIAL,
        /** s = μ */
        LINEAR
    }

    /** Where it lies in a pipeline's folder. */
    static final String FILE = "scheduler/scheduler_config.json";

    static final String CLASS_NAME = "FlowMatchEulerDiscreteScheduler";
    private static final int TRAIN_TIMESTEPS = 1000;

    /** A static shift; 3 for Stable Diffusion 3. */
    public static SchedulerConfig ofShift(double shift) {
        return new SchedulerConfig(shift, false, 0.5, 1.15, 256, 4096, TimeShiftType.EXPONENTIAL);
    }

    /** The shift of FLUX.1-dev: e^0.5 at 256 image tokens, e^1.15 at 4096. */
    public static SchedulerConfig ofDynamicShift() {
        return new SchedulerConfig(3, true, 0.5, 1.15, 256, 4096, TimeShiftType.EXPONENTIAL);
    }

    /** The shift of the noise levels of images of so many tokens. */
    public double shift(long imageTokens) {
        if (!useDynamicShifting) {
            return shift;
        }
        double slope = (maxShift - baseShift) / (maxImageSeqLen - baseImageSeqLen);
        double mu = baseShift + slope * (imageTokens - baseImageSeqLen);
        return timeShiftType == TimeShiftType.EXPONENTIAL ? Math.exp(mu) : mu;
    }

    /**
     * The noise levels that the scheduler makes on its own, as in Stable Diffusion 3: down to the lowest one of training,
     * which a static shift has shifted already, so that it is shifted twice.
     */
    NoiseRange trainedRange(long imageTokens) {
        double by = shift(imageTokens);
        double lowest = 1.0 / TRAIN_TIMESTEPS;
        return new NoiseRange(useDynamicShifting ? lowest : by * lowest / (1 + (by - 1) * lowest), by);
    }

    /** The noise levels that a pipeline gives the scheduler, as in FLUX: T equal strides to 0. */
    NoiseRange evenRange(int steps, long imageTokens) {
        return new NoiseRange(1.0 / steps, shift(imageTokens));
    }

    static SchedulerConfig read(ConfigFile file) {
        file.requireClass(CLASS_NAME);
        if (file.positive("num_train_timesteps", TRAIN_TIMESTEPS) != TRAIN_TIMESTEPS) {
            throw file.invalid("num_train_timesteps", "must be " + TRAIN_TIMESTEPS);
        }
        for (String flag : List.of(
                "invert_sigmas",
                "stochastic_sampling",
                "use_beta_sigmas",
                "use_exponential_sigmas",
                "use_karras_sigmas")) {
            if (file.flag(flag, false)) {
                throw file.invalid(flag, "is not supported: set it to false");
            }
        }
        if (file.number("shift_terminal", 0) != 0) {
            throw file.invalid("shift_terminal", "is not supported: set it to null");
        }
        double shift = file.number("shift", 1);
        if (shift <= 0) {
            throw file.invalid("shift", "must be positive, not " + shift);
        }
        int base = file.positive("base_image_seq_len", 256);
        int max = file.positive("max_image_seq_len", 4096);
        if (base == max) {
            throw file.invalid("max_image_seq_len", "must not be base_image_seq_len = " + base);
        }
        return new SchedulerConfig(
                shift,
                file.flag("use_dynamic_shifting", false),
                file.number("base_shift", 0.5),
                file.number("max_shift", 1.15),
                base,
                max,
                file.choice(
                        "time_shift_type",
                        Map.of(
                                "",
                                TimeShiftType.EXPONENTIAL,
                                "exponential",
                                TimeShiftType.EXPONENTIAL,
                                "linear",
                                TimeShiftType.LINEAR)));
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("_class_name", CLASS_NAME);
        json.put("base_image_seq_len", baseImageSeqLen);
        json.put("base_shift", baseShift);
        json.put("max_image_seq_len", maxImageSeqLen);
        json.put("max_shift", maxShift);
        json.put("num_train_timesteps", TRAIN_TIMESTEPS);
        json.put("shift", shift);
        json.put("time_shift_type", timeShiftType == TimeShiftType.LINEAR ? "linear" : "exponential");
        json.put("use_dynamic_shifting", useDynamicShifting);
        return json;
    }
}
