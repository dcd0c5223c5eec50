package dev.flowguard.learner.output;

import dev.flowguard.tensor.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An append-only file of JSON objects, one a line. A line is there whole or not at all: a failed append is cut off again,
 * and a torn last line (power cut) is dropped on opening.
 *
 * <p>Not thread-safe.
 */
public final class JsonLinesFile implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path file;
    private final FileChannel channel;

    private JsonLinesFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens the file, made if absent, after dropping every line for which {@code keep} is false.
     *
     * @throws IOException if the file cannot be read or written
     */
    public static JsonLinesFile open(Path file, Predicate<JsonNode> keep) throws IOException {
        StringBuilder kept = new StringBuilder();
        for (JsonNode line : read(file)) {
            if (keep.test(line)) {
                kept.append(JSON.writeValueAsString(line)).append('\n');
            }
        }
        AtomicFile.write(file, kept.toString());
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        channel.position(channel.size());
        return new JsonLinesFile(file, channel);
    }

    /** Every whole line of the file; none where it does not exist. */
    public static List<JsonNode> read(Path file) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        if (!Files.exists(file)) {
            return lines;
        }
        String text = Files.readString(file);
        int begin = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
            try {
                lines.add(JSON.readTree(text.substring(begin, end)));
            } catch (JacksonException e) {
                throw new IOException("line " + (lines.size() + 1) + " is not JSON: " + e.getOriginalMessage(), e);
            }
            begin = end + 1;
        }
        return lines;
    }

    /**
     * Appends one object (anything Jackson can write) as a line and flushes it to the disk.
     *
     * @throws UncheckedIOException if it cannot be written whole; the file is then as before
     */
    public void append(Object value) {
        ByteBuffer line = ByteBuffer.wrap((JSON.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8));
        long before = -1;
        try {
            before = channel.position();
            while (line.hasRemaining()) {
                channel.write(line);
            }
            channel.force(false);
        } catch (IOException e) {
            cutBackTo(before, e);
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private void cutBackTo(long length, IOException cause) {
        try {
            if (length >= 0) {
                channel.truncate(length);
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + file, e);
        }
    }
}
