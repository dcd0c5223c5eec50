package dev.flowguard.learner.prompts;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Goes through a stream line by line, in memory that does not depend on its size. Not thread-safe. */
final class LineReader implements Closeable {
    /** In bytes. */
    static final int LONGEST_LINE = 64 << 10;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream in;
    private final byte[] buffer = new byte[2 * LONGEST_LINE];
    private long bufferOffset;
    private int begin;
    private int end;
    private int filled;
    private boolean first = true;

    /**
     * @param in owned from now on
     * @param offset where in the file it begins
     */
    LineReader(InputStream in, long offset) {
        this.in = in;
        this.bufferOffset = offset;
    }

    /**
     * Goes to the next line; false where there is none.
     *
     * @throws BadLineException if it is longer than {@link #LONGEST_LINE}
     */
    boolean next() throws IOException, BadLineException {
        begin = first ? 0 : end + 1;
        end = begin;
        first = false;
        while (end >= filled || buffer[end] != '\n') {
            if (end < filled) {
                end++;
            } else if (!fill()) {
                return end > begin;
            }
            if (end - begin > LONGEST_LINE) {
                throw new BadLineException("it has more than " + LONGEST_LINE + " bytes");
            }
        }
        return true;
    }

    /** Reads on, keeping the line that is being looked at; false at the end of the stream. */
    private boolean fill() throws IOException {
        if (begin > 0) {
            int kept = Math.max(0, filled - begin);
            System.arraycopy(buffer, Math.min(begin, filled), buffer, 0, kept);
            bufferOffset += filled - kept;
            end -= begin;
            begin = 0;
            filled = kept;
        }
        int read = in.read(buffer, filled, buffer.length - filled);
        filled += Math.max(0, read);
        return read > 0;
    }

    /** Where the line begins, in bytes from the beginning of the file. */
    long offset() {
        return bufferOffset + begin;
    }

    /** A checksum of the line's bytes. */
    int checksum() {
        CRC32 checksum = new CRC32();
        checksum.update(buffer, begin, end - begin);
        return (int) checksum.getValue();
    }

    /**
     * The line without the white space around it, and without a byte order mark.
     *
     * @throws BadLineException if it is not UTF-8
     */
    String text() throws BadLineException {
        int from = begin;
        if (offset() == 0
                && end - begin >= 3
                && ByteBuffer.wrap(buffer, begin, 3).equals(ByteBuffer.wrap(BYTE_ORDER_MARK))) {
            from += BYTE_ORDER_MARK.length;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer, from, end - from))
                    .toString()
                    .strip();
        } catch (CharacterCodingException e) {
            throw new BadLineException("it is not UTF-8 text", e);
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
