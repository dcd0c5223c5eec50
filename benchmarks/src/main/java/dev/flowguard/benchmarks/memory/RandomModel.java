package dev.flowguard.benchmarks.memory;

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
import java.nio.file.Path;
import java.util.List;

/** A pipeline of Stable Diffusion 3 with random weights, in the proportions of the published one: 150 million parameters. */
final class RandomModel {
    private static final int TOKENS = 77;
    private static final int HEADS = 12;
    private static final int HEAD_WIDTH = 64;
    private static final int BLOCKS = 8;

    private RandomModel() {}

    /** Writes the pipeline's folder. */
    static void write(Path folder) {
        Device device = Device.cpu();
        ClipVocabulary vocabulary = ClipVocabulary.of("abcdefghijklmnopqrstuvwxyz\"", List.of("a", "sign", "saying"));
        int end = vocabulary.tokens().size() - 1;
        ClipTextConfig text = new ClipTextConfig(end + 1, 256, 1024, 256, 4, 4, TOKENS, true, 1e-5, end - 1, end, end);
        int width = HEADS * HEAD_WIDTH;
        Sd3TransformerConfig transformer = new Sd3TransformerConfig(
                64, 2, 16, 16, BLOCKS, HEADS, HEAD_WIDTH, 1024, width, 512, 64, true, List.of());
        AutoencoderKlConfig vae = new AutoencoderKlConfig(
                3, 3, List.of(32, 64, 64, 64), 2, 16, 32, 256, 1.5305, .0609, false, false, true);
        try (StableDiffusion3Pipeline pipeline = new StableDiffusion3Pipeline(
                device,
                Sd3Transformer.initialize(transformer, device, 1),
                AutoencoderKl.initialize(vae, device, 2),
                ClipTextEncoder.initialize(text, device, 3),
                ClipTextEncoder.initialize(text, device, 4),
                ClipTokenizer.create(vocabulary, TOKENS, "<|endoftext|>"),
                ClipTokenizer.create(vocabulary, TOKENS, "a"),
                SchedulerConfig.ofShift(3),
                256)) {
            pipeline.save(folder);
        }
    }
}
