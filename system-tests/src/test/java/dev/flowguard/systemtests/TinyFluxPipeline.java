package dev.flowguard.systemtests;

import dev.flowguard.models.AutoencoderKl;
import dev.flowguard.models.AutoencoderKlConfig;
import dev.flowguard.models.ClipTextConfig;
import dev.flowguard.models.ClipTextEncoder;
import dev.flowguard.models.ClipTokenizer;
import dev.flowguard.models.ClipVocabulary;
import dev.flowguard.models.FluxPipeline;
import dev.flowguard.models.FluxTransformer;
import dev.flowguard.models.FluxTransformerConfig;
import dev.flowguard.models.SchedulerConfig;
import dev.flowguard.models.T5Config;
import dev.flowguard.models.T5Encoder;
import dev.flowguard.models.T5Tokenizer;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A pipeline of a few thousand random weights with all that FLUX.1-dev has: guidance embedding, T5, dynamic shift. */
final class TinyFluxPipeline {

    private static final int TOKENS = 12;

    /** Pieces that make words of letters; anything else is unknown. */
    private static final String T5_TOKENIZER = """
            {"version": "1.0",
             "added_tokens": [
               {"id": 0, "content": "<pad>", "special": true, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false},
               {"id": 1, "content": "</s>", "special": true, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false}],
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
             "post_processor": {"type": "TemplateProcessing",
               "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
               "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
             "model": {"type": "Unigram", "unk_id": 2, "byte_fallback": false,
               "vocab": [["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -3], ["▁a", -1], ["▁sign", -1],
                         ["A", -2], ["C", -2], ["E", -2], ["H", -2], ["K", -2], ["L", -2], ["P", -2]]}}
            """;

    private static final int T5_VOCABULARY = 13;

    private TinyFluxPipeline() {}

    static void write(Path folder) throws IOException {
        Path tokenizer = Files.createDirectories(folder.resolve("tokenizer_2"));
        Files.writeString(tokenizer.resolve("tokenizer.json"), T5_TOKENIZER);
        Files.writeString(tokenizer.resolve("tokenizer_config.json"), "{\"model_max_length\": 512}");
        T5Tokenizer t5 = T5Tokenizer.load(tokenizer);
        Compute.on(Device.cpu()).inference(() -> {
            try (FluxPipeline pipeline = create(Device.cpu(), t5)) {
                pipeline.save(folder);
            }
            return folder;
        });
    }

    private static FluxPipeline create(Device device, T5Tokenizer t5) {
        ClipVocabulary vocabulary = ClipVocabulary.of("abcdefghijklmnopqrstuvwxyz\"", List.of("a", "sign", "saying"));
        int end = vocabulary.tokens().size() - 1;
        ClipTextConfig clip = new ClipTextConfig(end + 1, 8, 16, 8, 2, 2, TOKENS, true, 1e-5, end - 1, end, end);
        return new FluxPipeline(
                device,
                FluxTransformer.initialize(
                        new FluxTransformerConfig(12, 12, 1, 2, 8, 2, 16, 8, true, List.of(2, 2, 4)), device, 1),
                AutoencoderKl.initialize(
                        new AutoencoderKlConfig(3, 3, List.of(4, 8), 1, 3, 4, 16, 1.5, .1, false, false, false),
                        device,
                        2),
                ClipTextEncoder.initialize(clip.withoutProjection(), device, 3),
                T5Encoder.initialize(new T5Config(T5_VOCABULARY, 16, 4, 24, 2, 2, 32, 128, 1e-6), device, 4),
                ClipTokenizer.create(vocabulary, TOKENS, "<|endoftext|>"),
                t5,
                SchedulerConfig.ofDynamicShift(),
                TOKENS);
    }
}
