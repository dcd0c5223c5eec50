package dev.flowguard.reward.clip;

import dev.flowguard.reward.FileDigest;
import dev.flowguard.reward.RewardConfigurationException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the files of one CLIP lie.
 *
 * @param model folder of the network
 * @param processor folder of the tokenizer and of the image processor
 * @param imageProcessor whether the image processor is read from there, or known without
 */
record ClipFolder(Path model, Path processor, boolean imageProcessor) {

    static final String IMAGE_PROCESSOR = "preprocessor_config.json";

    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
    private static final String TOKENIZER = "tokenizer.json";
    private static final String VOCABULARY = "vocab.json";
    private static final String MERGES = "merges.txt";
    private static final String SPECIAL_TOKENS = "special_tokens_map.json";

    /**
     * Finds the files.
     *
     * @param prefix of the settings, such as {@code flowguard.reward.pickscore}
     * @param original what the scorer's authors computed with, for the message
     * @throws RewardConfigurationException if the folder is not set, or lacks files: one line that names all of them
     */
    static ClipFolder find(String prefix, String original, ClipProperties properties, boolean imageProcessor) {
        Path model = properties.model();
        if (model == null) {
            throw new RewardConfigurationException(
                    "%s.model is not set: name the folder of a CLIP in the Hugging Face layout (%s) with %s, %s (or shards and %s)%s, %s and %s (or %s and %s)"
                            .formatted(
                                    prefix,
                                    original,
                                    CONFIG,
                                    WEIGHTS,
                                    INDEX,
                                    imageProcessor ? ", " + IMAGE_PROCESSOR : "",
                                    TOKENIZER_CONFIG,
                                    TOKENIZER,
                                    VOCABULARY,
                                    MERGES));
        }
        Path processor = properties.processor() == null ? model : properties.processor();
        ClipFolder folder = new ClipFolder(model, processor, imageProcessor);
        List<String> missing = folder.missing();
        if (!missing.isEmpty()) {
            throw new RewardConfigurationException(
                    "%s.model: %s missing (the scorer wants %s): download what is missing, or name another folder%s"
                            .formatted(
                                    prefix,
                                    String.join(", ", missing) + (missing.size() == 1 ? " is" : " are"),
                                    original,
                                    processor.equals(model)
                                            ? "; " + prefix + ".processor if the tokenizer lies elsewhere"
                                            : ""));
        }
        return folder;
    }

    private List<String> missing() {
        List<String> missing = new ArrayList<>();
        if (!there(model, CONFIG)) {
            missing.add(model.resolve(CONFIG).toString());
        }
        if (!there(model, WEIGHTS) && !there(model, INDEX)) {
            missing.add(model.resolve(WEIGHTS) + " (or shards and " + INDEX + ")");
        }
        if (imageProcessor && !there(processor, IMAGE_PROCESSOR)) {
            missing.add(processor.resolve(IMAGE_PROCESSOR).toString());
        }
        if (!there(processor, TOKENIZER_CONFIG)) {
            missing.add(processor.resolve(TOKENIZER_CONFIG).toString());
        }
        if (!there(processor, TOKENIZER) && !(there(processor, VOCABULARY) && there(processor, MERGES))) {
            missing.add(processor.resolve(TOKENIZER) + " (or " + VOCABULARY + " and " + MERGES + ")");
        }
        return missing;
    }

    /** SHA-256 (32 bytes) over everything here that a score follows from. */
    byte[] sha256() {
        List<Path> files = new ArrayList<>(List.of(model.resolve(CONFIG)));
        if (there(model, WEIGHTS)) {
            files.add(model.resolve(WEIGHTS));
        } else {
            files.add(model.resolve(INDEX));
            files.addAll(shards());
        }
        Stream.of(IMAGE_PROCESSOR, TOKENIZER_CONFIG, TOKENIZER, VOCABULARY, MERGES, SPECIAL_TOKENS)
                .filter(name -> imageProcessor || !name.equals(IMAGE_PROCESSOR))
                .filter(name -> there(processor, name))
                .map(processor::resolve)
                .forEach(files::add);
        return FileDigest.sha256(files);
    }

    private List<Path> shards() {
        List<Path> shards = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(model, "*.safetensors")) {
            found.forEach(shards::add);
        } catch (IOException e) {
            throw new RewardConfigurationException(model + " cannot be read (" + e + "); check the path", e);
        }
        shards.sort(null);
        return shards;
    }

    private static boolean there(Path folder, String name) {
        return Files.isRegularFile(folder.resolve(name));
    }
}
