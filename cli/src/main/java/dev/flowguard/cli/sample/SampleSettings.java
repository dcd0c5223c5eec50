package dev.flowguard.cli.sample;

import dev.flowguard.models.Guidance;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * All that a picture follows from: the same settings draw the same bytes.
 *
 * @param pipeline the diffusers folder
 * @param pipelineSha256 hexadecimal, of its transformer's weights
 * @param adapter null for the base model
 * @param height in pixels
 * @param width in pixels
 * @param steps of the ODE
 * @param guidance how far prompts are followed
 * @param shift a static shift in place of the scheduler's own, or null
 * @param batch how many pictures were drawn together; others may differ in the last bit
 */
record SampleSettings(
        Path pipeline,
        String pipelineSha256,
        @Nullable Adapter adapter,
        int height,
        int width,
        int steps,
        Guidance guidance,
        @Nullable Double shift,
        int batch) {

    /** The keyword under which image viewers and galleries look for what a picture was drawn from. */
    private static final String PARAMETERS = "parameters";

    /** The keyword of everything that is needed to draw a picture again, as JSON; of a sheet, a list of these. */
    static final String FLOWGUARD = "flowguard";

    private static final int SHORT_HASH = 10;

    /**
     * A LoRA.
     *
     * @param source where it lies
     * @param sha256 hexadecimal, of its tensors in safetensors' order
     * @param scale 1 for its own strength
     */
    record Adapter(Path source, String sha256, double scale) {}

    /** What is written into the file of one picture. */
    Map<String, String> texts(String prompt, long seed) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put(PARAMETERS, parameters(prompt, seed));
        texts.put(FLOWGUARD, JsonMapper.shared().writeValueAsString(json(prompt, seed)));
        return texts;
    }

    /** In the words of AUTOMATIC1111's web UI, which most tools that show settings can read. */
    private String parameters(String prompt, long seed) {
        StringBuilder text = new StringBuilder(prompt);
        if (!guidance.negativePrompt().isEmpty()) {
            text.append("\nNegative prompt: ").append(guidance.negativePrompt());
        }
        text.append(String.format(
                Locale.ROOT,
                "\nSteps: %d, Sampler: Euler, Schedule type: Simple, CFG scale: %s, Seed: %d, Size: %dx%d, Model hash: %s,"
                        + " Model: %s",
                steps,
                number(guidance.scale()),
                seed,
                width,
                height,
                pipelineSha256.substring(0, SHORT_HASH),
                pipeline.getFileName()));
        if (adapter != null) {
            text.append(String.format(
                    Locale.ROOT,
                    ", Lora hashes: \"%s: %s\", Lora scale: %s",
                    adapter.source.getFileName(),
                    adapter.sha256.substring(0, SHORT_HASH),
                    number(adapter.scale)));
        }
        return text.append(", Version: FlowGuard").toString().replace("\r", "");
    }

    private Map<String, Object> json(String prompt, long seed) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("prompt", prompt);
        json.put("negative_prompt", guidance.negativePrompt());
        json.put("seed", seed);
        json.put("height", height);
        json.put("width", width);
        json.put("num_inference_steps", steps);
        json.put("guidance_scale", guidance.scale());
        json.put("true_cfg_scale", guidance.trueCfgScale());
        if (shift != null) {
            json.put("shift", shift);
        }
        json.put("sampler", "euler");
        json.put("noise", "philox4x32-10");
        json.put("batch", batch);
        json.put("pipeline", pipeline.toString());
        json.put("pipeline_sha256", pipelineSha256);
        if (adapter != null) {
            json.put("adapter", adapter.source.toString());
            json.put("adapter_sha256", adapter.sha256);
            json.put("adapter_scale", adapter.scale);
        }
        return json;
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
