package dev.flowguard.reward;

import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import java.awt.image.BufferedImage;
import java.util.Map;

/** Reads every format that this service takes, within its limits. */
final class ImageDecoders implements ImageDecoder {

    private final long maxBytes;
    private final Map<ImageFormat, ImageDecoder> formats;

    ImageDecoders(RewardProperties.Limits limits) {
        this.maxBytes = limits.maxImageBytes().toBytes();
        this.formats = Map.of(
                ImageFormat.IMAGE_FORMAT_PNG, new PngDecoder(limits.maxImageSide()),
                ImageFormat.IMAGE_FORMAT_RGB8, new Rgb8Decoder(limits.maxImageSide()));
    }

    /** Largest encoded image that is accepted. */
    long maxBytes() {
        return maxBytes;
    }

    @Override
    public void check(EncodedImage image) throws InvalidItemException {
        decoderOf(image).check(image);
    }

    @Override
    public BufferedImage decode(EncodedImage image) throws InvalidItemException {
        return decoderOf(image).decode(image);
    }

    private ImageDecoder decoderOf(EncodedImage image) throws InvalidItemException {
        int bytes = image.getData().size();
        if (bytes > maxBytes) {
            throw new InvalidItemException(
                    "the image has %d bytes; at most %d are accepted".formatted(bytes, maxBytes));
        }
        ImageDecoder decoder = formats.get(image.getFormat());
        if (decoder == null) {
            throw new InvalidItemException(
                    "the image's format must be IMAGE_FORMAT_PNG or IMAGE_FORMAT_RGB8, not " + image.getFormat());
        }
        return decoder;
    }
}
