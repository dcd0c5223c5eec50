package dev.flowguard.learner.training;

import dev.flowguard.models.AutoencoderKl;
import dev.flowguard.models.AutoencoderKlConfig;
import dev.flowguard.models.ClipTextConfig;
import dev.flowguard.models.ClipTextEncoder;
import dev.flowguard.models.ClipTokenizer;
import dev.flowguard.models.ClipVocabulary;
import dev.flowguard.models.SchedulerConfig;
import dev.flowguard.models.Sd3Transformer;
import dev.flowguard.models.Sd3TransformerConfig;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A run on a pipeline of a few thousand random parameters: small enough to train within a second. */
public final class TinyRun {
    private static final int LENGTH = 12;

    private TinyRun() {}

    /** Writes pipeline, prompts and recipe into a folder and returns the recipe. */
    public static Path write(Path folder, int iterations) throws IOException {
        Files.createDirectories(folder);
        try (StableDiffusion3Pipeline pipeline = pipeline()) {
            pipeline.save(folder.resolve("base"));
        }
        Files.writeString(folder.resolve("train.txt"), "a sign\na\nsign\n");
        Files.writeString(folder.resolve("held-out.txt"), "saying\nsaying a\nsign a\n");
        Path recipe = folder.resolve("run.yaml");
        Files.writeString(recipe, """
                name: tiny
                seed: 7
                iterations: %d
                output_dir: %s
                model: {pipeline: base, height: 8, width: 8}
                prompts: {train: train.txt, held_out: held-out.txt}
                sampling: {num_inference_steps: 4, guidance_scale: 1}
                evaluation: {num_inference_steps: 3, every: 2, batch_size: 2}
                groups: {size: 4, per_iteration: 3}
                adapter: {rank: 2, lora_alpha: 4, target_modules: [attn.to_q, attn.to_v]}
                optimizer: {learning_rate: 1e-2, steps_per_iteration: 2}
                objective: {kl_beta: 1e-3}
                ema: {decay: 0.5, interval: 1}
                rewards:
                  - {name: brightness, scorer: brightness, target: nowhere}
                  - {name: gold, scorer: gold, target: nowhere, role: gold}
                """.formatted(iterations, folder.resolve("out")));
        return recipe;
    }

    private static StableDiffusion3Pipeline pipeline() {
        Device device = Device.cpu();
        ClipVocabulary vocabulary = ClipVocabulary.of("abcdefghijklmnopqrstuvwxyz\"", List.of("a", "sign", "saying"));
        int end = vocabulary.tokens().size() - 1;
        ClipTextConfig text = new ClipTextConfig(end + 1, 8, 16, 8, 2, 2, LENGTH, true, 1e-5, end - 1, end, end);
        return new StableDiffusion3Pipeline(
                device,
                Sd3Transformer.initialize(
                        new Sd3TransformerConfig(8, 2, 3, 3, 2, 2, 8, 20, 16, 16, 8, true), device, 3),
                AutoencoderKl.initialize(
                        new AutoencoderKlConfig(3, 3, List.of(4, 8), 1, 3, 4, 16, 1.5, 0.1, false, false, false),
                        device,
                        3),
                ClipTextEncoder.initialize(text, device, 3),
                ClipTextEncoder.initialize(text, device, 4),
                ClipTokenizer.create(vocabulary, LENGTH, "<|endoftext|>"),
                ClipTokenizer.create(vocabulary, LENGTH, "a"),
                SchedulerConfig.ofShift(3),
                12);
    }
}
