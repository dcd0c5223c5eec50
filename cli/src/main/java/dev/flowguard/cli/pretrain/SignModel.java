package dev.flowguard.cli.pretrain;

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
import java.util.List;

/**
 * The architecture of the quickstart model: Stable Diffusion 3 in miniature, 2.8 million parameters.
 *
 * <p>A sign of 64 x 32 pixels becomes latents [4, 8, 16], 32 image tokens; its prompt becomes 12 tokens, a letter each where
 * it matters.
 */
final class SignModel {

    private static final int TEXT_TOKENS = 12;
    private static final int TEXT_WIDTH = 64;
    private static final int HEADS = 4;
    private static final int HEAD_DIM = 32;
    private static final int LATENT_CHANNELS = 4;
    private static final double SHIFT = 3;

    /** Words of one token; everything else, above all the words on the signs, is spelled letter by letter. */
    private static final List<String> WHOLE_WORDS = List.of("sign", "saying", "reads", "with", "the", "word", "text");

    private static final String CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789\"'.,!?-:";

    private SignModel() {}

    static AutoencoderKl autoencoder(Device device, long seed) {
        return AutoencoderKl.initialize(autoencoderConfig(1, 0), device, seed);
    }

    /** The same autoencoder, whose flow latents have zero mean and unit variance. */
    static AutoencoderKl autoencoder(Device device, long seed, LatentScale scale) {
        return AutoencoderKl.initialize(autoencoderConfig(scale.scalingFactor(), scale.shiftFactor()), device, seed);
    }

    /** An untrained pipeline around a trained autoencoder, which it owns from now on. */
    static StableDiffusion3Pipeline pipeline(Device device, long seed, AutoencoderKl autoencoder) {
        ClipVocabulary vocabulary = ClipVocabulary.of(CHARACTERS, WHOLE_WORDS);
        ClipTextConfig text = textConfig(vocabulary);
        return new StableDiffusion3Pipeline(
                device,
                Sd3Transformer.initialize(transformerConfig(), device, seed + 1),
                autoencoder,
                ClipTextEncoder.initialize(text, device, seed + 2),
                ClipTextEncoder.initialize(text, device, seed + 3),
                tokenizer(vocabulary),
                tokenizer(vocabulary),
                SchedulerConfig.ofShift(SHIFT),
                StableDiffusion3Pipeline.DEFAULT_MAX_SEQUENCE_LENGTH);
    }

    private static ClipTokenizer tokenizer(ClipVocabulary vocabulary) {
        return ClipTokenizer.create(vocabulary, TEXT_TOKENS, "<|endoftext|>");
    }

    private static AutoencoderKlConfig autoencoderConfig(double scalingFactor, double shiftFactor) {
        return new AutoencoderKlConfig(
                3,
                3,
                List.of(16, 32, 32),
                1,
                LATENT_CHANNELS,
                8,
                WordWorld.WIDTH,
                scalingFactor,
                shiftFactor,
                false,
                false,
                false);
    }

    private static Sd3TransformerConfig transformerConfig() {
        return new Sd3TransformerConfig(
                16,
                2,
                LATENT_CHANNELS,
                LATENT_CHANNELS,
                4,
                HEADS,
                HEAD_DIM,
                2 * TEXT_WIDTH,
                HEADS * HEAD_DIM,
                2 * TEXT_WIDTH,
                16,
                true);
    }

    private static ClipTextConfig textConfig(ClipVocabulary vocabulary) {
        int size = vocabulary.tokens().size();
        return new ClipTextConfig(
                size,
                TEXT_WIDTH,
                4 * TEXT_WIDTH,
                TEXT_WIDTH,
                2,
                2,
                TEXT_TOKENS,
                true,
                1e-5,
                size - 2,
                size - 1,
                size - 1);
    }
}
