package dev.flowguard.learner.prompts;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * A file of prompts, one a line, in UTF-8; blank lines are skipped. What a line looks like, its extension says ({@link
 * PromptFormat}).
 *
 * <p>The file is read once, from its first line to its last, and every line is checked. What is kept are twelve bytes a
 * prompt: where its line begins, and a checksum, so that a file that changes under a run ends it instead of its meaning.
 * Immutable; holds no file open.
 */
public final class PromptFile implements Prompts {
    private static final String CHANGED = ": has changed since the run read it; put it back as it was";
    private static final int MOST = Integer.MAX_VALUE - 8;

    private final Path file;
    private final PromptFormat format;
    private final long[] offsets;
    private final int[] checksums;
    private final String sha256;

    private PromptFile(Path file, PromptFormat format, long[] offsets, int[] checksums, String sha256) {
        this.file = file;
        this.format = format;
        this.offsets = offsets;
        this.checksums = checksums;
        this.sha256 = sha256;
    }

    /**
     * Reads the file through.
     *
     * @throws InputException if it cannot be read, holds a line that is no prompt, or no prompt at all; names file and line
     */
    public static PromptFile open(Path file) {
        return open(file, prompt -> {});
    }

    /** As {@link #open(Path)}, showing each prompt to {@code reader} on the way. */
    static PromptFile open(Path file, Consumer<Prompt> reader) {
        PromptFormat format = PromptFormat.of(file);
        MessageDigest sha256 = DigestUtils.getSha256Digest();
        long[] offsets = new long[64];
        int[] checksums = new int[64];
        int prompts = 0;
        long line = 0;
        try (LineReader lines = new LineReader(new DigestInputStream(Files.newInputStream(file), sha256), 0)) {
            for (line = 1; lines.next(); line++) {
                String text = lines.text();
                if (text.isEmpty()) {
                    continue;
                }
                reader.accept(format.parse(text));
                if (prompts == offsets.length) {
                    offsets = Arrays.copyOf(offsets, longer(file, prompts));
                    checksums = Arrays.copyOf(checksums, offsets.length);
                }
                offsets[prompts] = lines.offset();
                checksums[prompts++] = lines.checksum();
            }
        } catch (BadLineException e) {
            throw new InputException(file + ":" + line + ": no prompt: " + e.why() + "; mend or delete the line", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        if (prompts == 0) {
            throw new InputException(file + ": holds no prompt; write one a line");
        }
        return new PromptFile(
                file,
                format,
                Arrays.copyOf(offsets, prompts),
                Arrays.copyOf(checksums, prompts),
                HexFormat.of().formatHex(sha256.digest()));
    }

    /** All prompts of a file that is small enough to be in memory, without their metadata. */
    public static List<String> read(Path file) {
        List<String> texts = new ArrayList<>();
        open(file, prompt -> texts.add(prompt.text()));
        return texts;
    }

    @Override
    public int size() {
        return offsets.length;
    }

    @Override
    public Prompt get(int index) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                LineReader line =
                        new LineReader(Channels.newInputStream(channel.position(offsets[index])), offsets[index])) {
            if (!line.next() || line.checksum() != checksums[index]) {
                throw new InputException(file + CHANGED);
            }
            return format.parse(line.text());
        } catch (BadLineException e) {
            throw new InputException(file + CHANGED, e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    Path path() {
        return file;
    }

    /** SHA-256 of the file as it was read, in hexadecimal digits. */
    public String digest() {
        return sha256;
    }

    private static int longer(Path file, int prompts) {
        if (prompts == MOST) {
            throw new InputException(file + ": holds more than " + MOST + " prompts; divide the file");
        }
        return (int) Math.min(MOST, 2L * prompts);
    }

    private static InputException unreadable(Path file, IOException e) {
        return new InputException(file + ": cannot be read (" + e + "); check the path and its permissions", e);
    }
}
