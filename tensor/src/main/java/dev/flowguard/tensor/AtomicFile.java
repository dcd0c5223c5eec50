package dev.flowguard.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes a file so that a reader sees either the old content or all of the new, also after a crash or a power cut: into a
 * temporary neighbour, flushed to the disk, then renamed over the target.
 */
public final class AtomicFile {

    private AtomicFile() {}

    /** Writes the new content to an empty file. */
    @FunctionalInterface
    public interface Content {
        /** Writes everything; whatever position the channel is left at. */
        void writeTo(FileChannel channel) throws IOException;
    }

    /**
     * Replaces the file, making its folder if that is missing.
     *
     * @throws InputException if it cannot be written (no permission, no space); the old content is then still there, and
     *     nothing half-written beside it
     */
    public static void write(Path file, Content content) {
        Path target = file.toAbsolutePath();
        Path folder = target.getParent();
        if (folder == null) {
            throw new InputException(file + ": cannot be written: name a file, not the root of the file system");
        }
        Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.createDirectories(folder);
            try {
                writeDurably(temporary, content);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
                flushFolder(folder);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new InputException(
                    file + ": cannot be written (" + e.getMessage() + "): check the space and the permissions there",
                    e);
        }
    }

    /** Replaces the file by these bytes. */
    public static void write(Path file, byte[] content) {
        write(file, channel -> writeFully(channel, ByteBuffer.wrap(content)));
    }

    /** Replaces the file by this text, in UTF-8. */
    public static void write(Path file, String content) {
        write(file, content.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes all that remains in the buffer. */
    static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static void writeDurably(Path file, Content content) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            content.writeTo(channel);
            channel.force(true);
        }
    }

    /** Makes a rename last through a power cut: the new name lies in the folder, which has to reach the disk too. */
    public static void flushFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
