package dev.flowguard.cli.report;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;

/** Width and height in pixels, as the header of a PNG states them. */
record PngSize(int width, int height) {

    /** Signature (8 bytes), length and type of the first chunk (8), which is IHDR and begins with width and height. */
    private static final int WIDTH_OFFSET = 16;

    static PngSize of(ByteString png) {
        if (png.size() < WIDTH_OFFSET + 2 * Integer.BYTES) {
            throw new IllegalArgumentException("not a PNG: " + png.size() + " bytes");
        }
        ByteBuffer header = png.asReadOnlyByteBuffer();
        return new PngSize(header.getInt(WIDTH_OFFSET), header.getInt(WIDTH_OFFSET + Integer.BYTES));
    }
}
