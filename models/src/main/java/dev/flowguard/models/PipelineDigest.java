package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

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
        MessageDigest digest = sha256();
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
        MessageDigest digest = sha256();
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

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void update(MessageDigest digest, Path file) {
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
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
