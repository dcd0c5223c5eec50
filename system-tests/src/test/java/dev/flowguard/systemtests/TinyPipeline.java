package dev.flowguard.systemtests;

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
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import java.nio.file.Path;
import java.util.List;

/** A Stable Diffusion 3 pipeline of a few thousand random weights. */
final class TinyPipeline {

    private static final int TOKENS = 12;

    private TinyPipeline() {}

    static void write(Path folder) {
        Compute.on(Device.cpu()).inference(() -> {
            try (StableDiffusion3Pipeline pipeline = create(Device.cpu())) {
                pipeline.save(folder);
            }
            return folder;
        });
    }

    private static StableDiffusion3Pipeline create(Device device) {
        ClipVocabulary vocabulary = ClipVocabulary.of("abcdefghijklmnopqrstuvwxyz\"", List.of("a", "sign", "saying"));
        int end = vocabulary.tokens().size() - 1;
        ClipTextConfig text = new ClipTextConfig(end + 1, 8, 16, 8, 2, 2, TOKENS, true, 1e-5, end - 1, end, end);
        return new StableDiffusion3Pipeline(
                device,
                Sd3Transformer.initialize(
                        new Sd3TransformerConfig(8, 2, 3, 3, 2, 2, 8, 20, 16, 16, 8, true), device, 1),
                AutoencoderKl.initialize(
                        new AutoencoderKlConfig(3, 3, List.of(4, 8), 1, 3, 4, 16, 1.5, .1, false, false, false),
                        device,
                        2),
                ClipTextEncoder.initialize(text, device, 3),
                ClipTextEncoder.initialize(text, device, 4),
                ClipTokenizer.create(vocabulary, TOKENS, "<|endoftext|>"),
                ClipTokenizer.create(vocabulary, TOKENS, "<|endoftext|>"),
                SchedulerConfig.ofShift(3),
                TOKENS);
    }
}
