package dev.flowguard.reward;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Collection;
import org.apache.commons.codec.digest.DigestUtils;

/** Tells the files apart that a score follows from, wherever they lie. */
public final class FileDigest {

    private FileDigest() {}

    /**
     * SHA-256 (32 bytes) over files: of each its name without folders, a zero, its length in 8 bytes and its content. Reads every byte,
     * without holding them; to be called once and remembered.
     *
     * @param files in an order that does not depend on where they lie
     * @throws RewardConfigurationException if one of them cannot be read
     */
    public static byte[] sha256(Collection<Path> files) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        for (Path file : files) {
            try {
                digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
                digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, Files.size(file)));
                DigestUtils.updateDigest(digest, file, StandardOpenOption.READ);
            } catch (IOException e) {
                throw new RewardConfigurationException(file + " cannot be read (" + e + "); check the path", e);
            }
        }
        return digest.digest();
    }
}
