package dev.flowguard.cli.rewardcheck;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * A PNG file, put together chunk by chunk: an image library would not write the broken ones.
 *
 * @param bitDepth of each sample
 * @param colourType 0 grey, 2 RGB
 * @param imageData what stands in the IDAT chunk
 */
record PngFile(int width, int height, int bitDepth, int colourType, ByteString imageData) {

    static final int GREY = 0;
    static final int RGB = 2;

    private static final long SIGNATURE = 0x89504E470D0A1A0AL;
    /** Length, type and checksum of a chunk. */
    private static final int CHUNK_BYTES = 12;
    /** Private, may be skipped, may be copied. */
    private static final String PADDING_CHUNK = "paDd";

    /**
     * An RGB image of 8 bits.
     *
     * @param samples [height, width, 3]
     */
    static PngFile rgb(int width, int height, byte[] samples) {
        return new PngFile(width, height, 8, RGB, deflated(samples, height));
    }

    /** Rows without any filter, compressed. */
    static ByteString deflated(byte[] samples, int rows) {
        int rowBytes = samples.length / rows;
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(compressed, new Deflater(Deflater.BEST_SPEED))) {
            for (int row = 0; row < rows; row++) {
                out.write(0);
                out.write(samples, row * rowBytes, rowBytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot compress in memory", e);
        }
        return ByteString.copyFrom(compressed.toByteArray());
    }

    /** The file. */
    ByteString bytes() {
        return bytes(0);
    }

    /** The file, padded by a chunk that every reader skips to at least this many bytes. */
    ByteString bytes(int atLeast) {
        ByteBuffer header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) bitDepth)
                .put((byte) colourType)
                .put(new byte[3]);
        ByteString file = ByteString.copyFrom(
                        ByteBuffer.allocate(Long.BYTES).putLong(SIGNATURE).flip())
                .concat(chunk("IHDR", ByteString.copyFrom(header.flip())))
                .concat(chunk("IDAT", imageData));
        ByteString end = chunk("IEND", ByteString.EMPTY);
        int missing = atLeast - file.size() - end.size();
        if (missing > 0) {
            file = file.concat(chunk(PADDING_CHUNK, ByteString.copyFrom(new byte[Math.max(0, missing - CHUNK_BYTES)])));
        }
        return file.concat(end);
    }

    private static ByteString chunk(String type, ByteString data) {
        ByteString typed = ByteString.copyFrom(type, StandardCharsets.US_ASCII).concat(data);
        CRC32 crc = new CRC32();
        typed.asReadOnlyByteBufferList().forEach(crc::update);
        return integer(data.size()).concat(typed).concat(integer((int) crc.getValue()));
    }

    private static ByteString integer(int value) {
        return ByteString.copyFrom(
                ByteBuffer.allocate(Integer.BYTES).putInt(value).flip());
    }
}
