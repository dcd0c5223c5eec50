package dev.flowguard.reward;

import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads {@link ImageFormat#IMAGE_FORMAT_PNG}. Thread-safe.
 *
 * <p>INVARIANT: nothing is inflated before {@link #check} has read the file's own header and found its size within the limits, so a small file
 * cannot ask for a large allocation.
 */
final class PngDecoder implements ImageDecoder {

    private static final long SIGNATURE = 0x89504E470D0A1A0AL;
    private static final int IHDR = 0x49484452;
    private static final int IHDR_LENGTH = 13;
    /** Signature, then the IHDR chunk: length, type, data, CRC. */
    private static final int HEADER_BYTES = 8 + 4 + 4 + IHDR_LENGTH + 4;

    private static final int GREY = 0;
    private static final int RGB = 2;

    private final int maxSide;

    /** @param maxSide largest width and largest height that are accepted */
    PngDecoder(int maxSide) {
        this.maxSide = maxSide;
    }

    @Override
    public void check(EncodedImage image) throws InvalidItemException {
        require(image.getData().size() > HEADER_BYTES, "the image is not a PNG file: it is too short");
        ByteBuffer header = image.getData().substring(0, HEADER_BYTES).asReadOnlyByteBuffer();
        require(header.getLong() == SIGNATURE, "the image is not a PNG file: its signature is missing");
        require(
                header.getInt() == IHDR_LENGTH && header.getInt() == IHDR,
                "the PNG file is damaged: it does not begin with an IHDR chunk");
        int width = header.getInt();
        int height = header.getInt();
        int bitDepth = header.get() & 0xff;
        int colourType = header.get() & 0xff;
        header.position(HEADER_BYTES - 4);
        require(header.getInt() == headerCrc(image), "the PNG file is damaged: the checksum of its header is wrong");
        require(
                width > 0 && height > 0 && width <= maxSide && height <= maxSide,
                "the PNG file is %s x %s pixels; 1 to %d a side are accepted"
                        .formatted(Integer.toUnsignedString(width), Integer.toUnsignedString(height), maxSide));
        require(
                width == image.getWidth() && height == image.getHeight(),
                "the PNG file is %d x %d pixels but the request declares %s x %s"
                        .formatted(
                                width,
                                height,
                                Integer.toUnsignedString(image.getWidth()),
                                Integer.toUnsignedString(image.getHeight())));
        require(
                bitDepth == 8 && (colourType == GREY || colourType == RGB),
                "the PNG file has %s of %d bits; send grey or RGB of 8 bits, without alpha"
                        .formatted(colourTypeName(colourType), bitDepth));
    }

    /** Grey is repeated in all three channels. */
    @Override
    public BufferedImage decode(EncodedImage image) throws InvalidItemException {
        check(image);
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try (MemoryCacheImageInputStream in =
                new MemoryCacheImageInputStream(image.getData().newInput())) {
            // Ignoring metadata skips the compressed text and profile chunks, which could be bombs of their own.
            reader.setInput(in, true, true);
            BufferedImage decoded = reader.read(0);
            require(!decoded.getColorModel().hasAlpha(), "the PNG file has a transparent colour; send it without");
            return decoded.getType() == BufferedImage.TYPE_3BYTE_BGR ? decoded : toBgr(decoded);
        } catch (IOException | RuntimeException e) {
            // The JDK's reader answers some damage with unchecked exceptions; all of it is the sender's.
            throw new InvalidItemException("the PNG file is damaged: " + oneLine(e));
        } finally {
            reader.dispose();
        }
    }

    /** Copies samples, not colours: Java's grey colour space is linear, and a conversion would change the values. */
    private static BufferedImage toBgr(BufferedImage image) {
        BufferedImage bgr = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_3BYTE_BGR);
        int lastBand = image.getRaster().getNumBands() - 1;
        int[] row = new int[image.getWidth()];
        for (int y = 0; y < image.getHeight(); y++) {
            for (int band = 0; band < 3; band++) {
                image.getRaster().getSamples(0, y, row.length, 1, Math.min(band, lastBand), row);
                bgr.getRaster().setSamples(0, y, row.length, 1, band, row);
            }
        }
        return bgr;
    }

    private static int headerCrc(EncodedImage image) {
        CRC32 crc = new CRC32();
        crc.update(image.getData().substring(12, HEADER_BYTES - 4).asReadOnlyByteBuffer());
        return (int) crc.getValue();
    }

    private static String colourTypeName(int colourType) {
        return switch (colourType) {
            case GREY -> "grey samples";
            case RGB -> "RGB samples";
            case 3 -> "palette indices";
            case 4 -> "grey and alpha samples";
            case 6 -> "RGB and alpha samples";
            default -> "samples of unknown colour type " + colourType;
        };
    }

    private static String oneLine(Exception e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    private static void require(boolean holds, String message) throws InvalidItemException {
        if (!holds) {
            throw new InvalidItemException(message);
        }
    }
}
