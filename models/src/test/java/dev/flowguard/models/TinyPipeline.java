package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import java.util.List;

/** A pipeline of a few thousand random parameters, made by our own code. */
final class TinyPipeline {

    private static final int LENGTH = 12;

    private TinyPipeline() {}

    static StableDiffusion3Pipeline create(long seed) {
        Device device = Device.cpu();
        ClipVocabulary vocabulary = ClipVocabulary.of("abcdefghijklmnopqrstuvwxyz\"", List.of("a", "sign", "saying"));
        int end = vocabulary.tokens().size() - 1;
        ClipTextConfig text = new ClipTextConfig(end + 1, 8, 16, 8, 2, 2, LENGTH, true, 1e-5, end - 1, end, end);
        Sd3TransformerConfig transformer = new Sd3TransformerConfig(8, 2, 3, 3, 2, 2, 8, 20, 16, 16, 8, true);
        AutoencoderKlConfig vae =
                new AutoencoderKlConfig(3, 3, List.of(4, 8), 1, 3, 4, 16, 1.5, 0.1, false, false, false);
        return new StableDiffusion3Pipeline(
                device,
                Sd3Transformer.initialize(transformer, device, seed),
                AutoencoderKl.initialize(vae, device, seed),
                ClipTextEncoder.initialize(text, device, seed),
                ClipTextEncoder.initialize(text, device, seed + 1),
                ClipTokenizer.create(vocabulary, LENGTH, ClipVocabulary.END),
                ClipTokenizer.create(vocabulary, LENGTH, "a"),
                SchedulerConfig.ofShift(3),
                12);
    }
}
