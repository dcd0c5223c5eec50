package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
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
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : weights(folder)) {
                try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                    in.transferTo(OutputStream.nullOutputStream());
                }
            }
            return digest.digest();
        } catch (IOException e) {
            throw new InputException(folder + " cannot be read: " + e.getMessage(), e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static List<Path> weights(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.safetensors")) {
                found.forEach(files::add);
            }
        }
        if (files.isEmpty()) {
            throw new InputException(folder + " holds no *.safetensors: give a diffusers pipeline directory");
        }
        // By name and not by path: a digest must not depend on where the folder lies.
        files.sort(
                (a, b) -> a.getFileName().toString().compareTo(b.getFileName().toString()));
        return files;
    }
}
