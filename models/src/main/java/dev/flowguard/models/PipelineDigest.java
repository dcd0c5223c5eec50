package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;

/** Tells pipelines apart: learner and workers must hold the same base model, whatever its folder is called. */
public final class PipelineDigest {

    private PipelineDigest() {}

    /**
     * SHA-256 (32 bytes) over the weights of a pipeline's transformer: the bytes of {@code transformer/*.safetensors}, one
     * file after the other in the order of their names. Reads every byte, without holding them.
     *
     * @param pipeline a diffusers pipeline directory
     * @throws InputException if there are no such weights, or they cannot be read
     */
    public static byte[] ofTransformer(Path pipeline) {
        Path folder = pipeline.resolve("transformer");
        MessageDigest digest = DigestUtils.getSha256Digest();
        weights(folder).forEach(file -> update(digest, file));
        return digest.digest();
    }

    /**
     * SHA-256 (32 bytes) over all that prompt embeddings follow from: {@code model_index.json} and every file of the pipeline's
     * text encoders and tokenizers, each with its name. Reads every byte, without holding them.
     *
     * @param pipeline a diffusers pipeline directory
     * @throws InputException if a file cannot be read
     */
    static byte[] ofTextEncoders(Path pipeline) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        List<Path> files = new ArrayList<>(List.of(pipeline.resolve(PipelineFolder.INDEX)));
        for (Path component : list(pipeline, "{text_encoder,tokenizer}*")) {
            files.addAll(list(component, "*"));
        }
        for (Path file : files) {
            digest.update(pipeline.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            update(digest, file);
        }
        return digest.digest();
    }

    private static void update(MessageDigest digest, Path file) {
        try {
            DigestUtils.updateDigest(digest, file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<Path> weights(Path folder) {
        List<Path> files = Files.isDirectory(folder) ? list(folder, "*.safetensors") : List.of();
        if (files.isEmpty()) {
            throw new InputException(folder + " holds no *.safetensors: give a diffusers pipeline directory");
        }
        return files;
    }

    /** By name and not by path: a digest must not depend on where the folder lies. */
    private static List<Path> list(Path folder, String glob) {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, glob)) {
            found.forEach(files::add);
        } catch (IOException e) {
            throw new InputException(folder + " cannot be read: " + e.getMessage(), e);
        }
        files.sort(Comparator.comparing(file -> file.getFileName().toString()));
        return files;
    }
}
