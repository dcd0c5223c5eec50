package dev.flowguard.benchmarks.eager;

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

/**
 * Writes a random pipeline whose transformer has two blocks of Stable Diffusion 3.5 Medium's shape: a whole one with dual
 * attention, and the last one, in which the context ends. Everything else is as small as it can be.
 */
final class BlockModel {

    private static final int HEADS = 24;
    private static final int HEAD = 64;
    private static final int WIDTH = HEADS * HEAD;

    private BlockModel() {}

    public static void main(String[] args) {
        Device device = Device.cpu();
        ClipVocabulary vocabulary = ClipVocabulary.of("abcdefghijklmnopqrstuvwxyz\"", List.of("sign"));
        int end = vocabulary.tokens().size() - 1;
        // Two of these projections make the 2048 of the pooled text.
        ClipTextConfig text = new ClipTextConfig(end + 1, 16, 32, 1024, 1, 2, 77, true, 1e-5, end - 1, end, end);
        Sd3TransformerConfig transformer =
                new Sd3TransformerConfig(128, 2, 16, 16, 2, HEADS, HEAD, 4096, WIDTH, 2048, 64, true, List.of(0));
        AutoencoderKlConfig vae =
                new AutoencoderKlConfig(3, 3, List.of(4, 4, 4, 4), 1, 16, 4, 64, 1.5305, .0609, false, false, false);
        try (StableDiffusion3Pipeline pipeline = new StableDiffusion3Pipeline(
                device,
                Sd3Transformer.initialize(transformer, device, 1),
                AutoencoderKl.initialize(vae, device, 2),
                ClipTextEncoder.initialize(text, device, 3),
                ClipTextEncoder.initialize(text, device, 4),
                ClipTokenizer.create(vocabulary, 77, "a"),
                ClipTokenizer.create(vocabulary, 77, "a"),
                SchedulerConfig.ofShift(3),
                256)) {
            pipeline.save(Path.of(args[0]));
        }
    }
}
