package dev.flowguard.benchmarks.loading;

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
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Scope;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A pipeline folder with a random transformer of Stable Diffusion 3.5 Medium's shape, and next to nothing around it.
 *
 * <p>Only three of the blocks are ever made, one of each kind; the others are these by other names, with other values.
 */
final class RandomPipeline {

    private static final int WIDTH = 1536;
    private static final int POSITIONS = 384;
    private static final int TOKENS = 8;
    private static final String PADDING = "<|endoftext|>";
    private static final Device CPU = Device.cpu();

    /** Values to write again and again: more than any cache holds, and of no whole number of tensors. */
    private static final int PIECE = (64 << 20) + 4096;

    private RandomPipeline() {}

    /**
     * Writes the folder.
     *
     * @param layers 24 in Stable Diffusion 3.5 Medium; the first half, and one more, have dual attention
     * @param type of the transformer's file
     */
    static void write(Path folder, int layers, DType type) throws IOException {
        Map<String, List<Long>> shapes = new LinkedHashMap<>();
        try (StableDiffusion3Pipeline small = small()) {
            small.save(folder);
            small.transformer().state().forEach((name, tensor) -> addCopies(shapes, name, tensor.shape(), layers));
        }
        Path config = folder.resolve("transformer/config.json");
        Files.writeString(
                config,
                Files.readString(config)
                        .replaceFirst("\"num_layers\"\\s*:\\s*\\d+", "\"num_layers\": " + layers)
                        .replaceFirst("\"pos_embed_max_size\"\\s*:\\s*\\d+", "\"pos_embed_max_size\": " + POSITIONS)
                        .replaceFirst(
                                "\"dual_attention_layers\"\\s*:\\s*\\[[^]]*]",
                                "\"dual_attention_layers\": "
                                        + IntStream.rangeClosed(0, layers / 2)
                                                .boxed()
                                                .toList()));
        writeWeights(folder.resolve("transformer/diffusion_pytorch_model.safetensors"), shapes, type);
    }

    private static StableDiffusion3Pipeline small() {
        ClipVocabulary vocabulary = ClipVocabulary.of("abc", List.of());
        int end = vocabulary.tokens().size() - 1;
        ClipTextConfig text = new ClipTextConfig(end + 1, 8, 16, 1024, 1, 2, TOKENS, true, 1e-5, end - 1, end, end);
        Sd3TransformerConfig transformer =
                new Sd3TransformerConfig(128, 2, 16, 16, 3, WIDTH / 64, 64, 4096, WIDTH, 2048, 2, true, List.of(0));
        AutoencoderKlConfig vae =
                new AutoencoderKlConfig(3, 3, List.of(4, 8), 1, 16, 4, 16, 1.5, 0.1, false, false, false);
        return new StableDiffusion3Pipeline(
                CPU,
                Sd3Transformer.initialize(transformer, CPU, 1),
                AutoencoderKl.initialize(vae, CPU, 1),
                ClipTextEncoder.initialize(text, CPU, 1),
                ClipTextEncoder.initialize(text, CPU, 2),
                ClipTokenizer.create(vocabulary, TOKENS, PADDING),
                ClipTokenizer.create(vocabulary, TOKENS, PADDING),
                SchedulerConfig.ofShift(3),
                256);
    }

    private static void addCopies(Map<String, List<Long>> shapes, String name, long[] shape, int layers) {
        List<Long> sizes = Arrays.stream(shape).boxed().toList();
        if (name.equals("pos_embed.pos_embed")) {
            shapes.put(name, List.of(1L, (long) POSITIONS * POSITIONS, (long) WIDTH));
        } else if (!name.startsWith("transformer_blocks.")) {
            shapes.put(name, sizes);
        } else {
            String[] parts = name.split("\\.", 3);
            int lastDual = layers / 2;
            IntStream copies =
                    switch (parts[1]) {
                        case "0" -> IntStream.rangeClosed(0, lastDual);
                        case "1" -> IntStream.range(lastDual + 1, layers - 1);
                        default -> IntStream.of(layers - 1);
                    };
            copies.forEach(i -> shapes.put(parts[0] + "." + i + "." + parts[2], sizes));
        }
    }

    private static void writeWeights(Path file, Map<String, List<Long>> shapes, DType type) throws IOException {
        long[] end = {0};
        String header = shapes.entrySet().stream()
                .map(entry -> {
                    long begin = end[0];
                    end[0] += entry.getValue().stream().reduce(1L, Math::multiplyExact) * type.bytes();
                    return "\"" + entry.getKey() + "\":{\"dtype\":\"" + type.safetensorsName() + "\",\"shape\":"
                            + entry.getValue() + ",\"data_offsets\":[" + begin + "," + end[0] + "]}";
                })
                .collect(Collectors.joining(",", "{", "}"));
        // As the reference implementation does: the tensors begin at a multiple of 8.
        byte[] padded = (header + " ".repeat((8 - header.length() % 8) % 8)).getBytes(StandardCharsets.UTF_8);
        ByteBuffer length =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length);
        byte[] values = values(type);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(length.array());
            out.write(padded);
            for (long left = end[0]; left > 0; left -= values.length) {
                out.write(values, 0, (int) Math.min(left, values.length));
            }
        }
    }

    private static byte[] values(DType type) {
        try (Scope scope = Scope.open()) {
            return Noise.standardNormal(CPU, 1, 1, PIECE / type.bytes())
                    .mul(0.02)
                    .to(type)
                    .toBytes();
        }
    }
}
