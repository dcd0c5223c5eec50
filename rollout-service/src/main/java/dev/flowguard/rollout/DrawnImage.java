package dev.flowguard.rollout;

import com.google.protobuf.UnsafeByteOperations;
import dev.flowguard.models.PngImage;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import org.jspecify.annotations.Nullable;

/** A member's image in plain memory. It becomes a PNG file when somebody first wants one, and then once. Thread-safe. */
final class DrawnImage {

    private final RgbImage pixels;
    private @Nullable EncodedImage png;

    DrawnImage(RgbImage pixels) {
        this.pixels = pixels;
    }

    RgbImage pixels() {
        return pixels;
    }

    /** The pixels as they are. */
    EncodedImage rgb8() {
        return encoded(ImageFormat.IMAGE_FORMAT_RGB8, pixels.samples());
    }

    /** The PNG file. */
    synchronized EncodedImage png() {
        if (png == null) {
            png = encoded(ImageFormat.IMAGE_FORMAT_PNG, PngImage.encode(pixels));
        }
        return png;
    }

    private EncodedImage encoded(ImageFormat format, byte[] data) {
        return EncodedImage.newBuilder()
                .setFormat(format)
                .setData(UnsafeByteOperations.unsafeWrap(data))
                .setWidth(pixels.width())
                .setHeight(pixels.height())
                .build();
    }
}
