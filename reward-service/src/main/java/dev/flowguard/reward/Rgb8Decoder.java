package dev.flowguard.reward;

import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;

/** Reads {@link ImageFormat#IMAGE_FORMAT_RGB8}: there is nothing to inflate, red and blue change places. Thread-safe. */
final class Rgb8Decoder implements ImageDecoder {

    private static final int CHANNELS = 3;

    private final int maxSide;

    /** @param maxSide largest width and largest height that are accepted */
    Rgb8Decoder(int maxSide) {
        this.maxSide = maxSide;
    }

    @Override
    public void check(EncodedImage image) throws InvalidItemException {
        long width = Integer.toUnsignedLong(image.getWidth());
        long height = Integer.toUnsignedLong(image.getHeight());
        if (width < 1 || height < 1 || width > maxSide || height > maxSide) {
            throw new InvalidItemException(
                    "the image is %d x %d pixels; 1 to %d a side are accepted".formatted(width, height, maxSide));
        }
        if (image.getData().size() != width * height * CHANNELS) {
            throw new InvalidItemException("the image has %d bytes, but %d x %d pixels of RGB are %d"
                    .formatted(image.getData().size(), width, height, width * height * CHANNELS));
        }
    }

    @Override
    public BufferedImage decode(EncodedImage image) throws InvalidItemException {
        check(image);
        BufferedImage decoded = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_3BYTE_BGR);
        byte[] samples = ((DataBufferByte) decoded.getRaster().getDataBuffer()).getData();
        image.getData().copyTo(samples, 0);
        for (int red = 0; red < samples.length; red += CHANNELS) {
            byte blue = samples[red + 2];
            samples[red + 2] = samples[red];
            samples[red] = blue;
        }
        return decoded;
    }
}
