package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of diffusers' {@code FlowMatchEulerDiscreteScheduler}, as {@code scheduler/scheduler_config.json} has them.
 * They only describe the noise schedule; whoever samples computes the noise levels from them.
 *
 * @param shift static shift s of the noise levels, t -> s·t / (1 + (s - 1)·t); 3 for Stable Diffusion 3
 * @param useDynamicShifting whether the shift depends on the number of image tokens instead, as for FLUX
 * @param baseShift dynamic shift at {@code baseImageSeqLen} tokens
 * @param maxShift dynamic shift at {@code maxImageSeqLen} tokens
 * @param baseImageSeqLen tokens
 * @param maxImageSeqLen tokens
 */
public record SchedulerConfig(
        double shift,
        boolean useDynamicShifting,
        double baseShift,
        double maxShift,
        int baseImageSeqLen,
        int maxImageSeqLen) {

    /** Where it lies in a pipeline's folder. */
    static final String FILE = "scheduler/scheduler_config.json";

    static final String CLASS_NAME = "FlowMatchEulerDiscreteScheduler";
    private static final int TRAIN_TIMESTEPS = 1000;

    /** A static shift; 3 for Stable Diffusion 3. */
    public static SchedulerConfig ofShift(double shift) {
        return new SchedulerConfig(shift, false, 0.5, 1.15, 256, 4096);
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
        double shift = file.number("shift", 1);
        if (shift <= 0) {
            throw file.invalid("shift", "must be positive, not " + shift);
        }
        return new SchedulerConfig(
                shift,
                file.flag("use_dynamic_shifting", false),
                file.number("base_shift", 0.5),
                file.number("max_shift", 1.15),
                file.positive("base_image_seq_len", 256),
                file.positive("max_image_seq_len", 4096));
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
        json.put("use_dynamic_shifting", useDynamicShifting);
        return json;
    }
}
