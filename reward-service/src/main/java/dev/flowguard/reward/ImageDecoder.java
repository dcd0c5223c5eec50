package dev.flowguard.reward;

import dev.flowguard.proto.v1.EncodedImage;
import java.awt.image.BufferedImage;

/** Turns an {@link EncodedImage} from anywhere into pixels. Thread-safe. */
interface ImageDecoder {

    /** Checks everything that can be known without decoding the image. Cheap. */
    void check(EncodedImage image) throws InvalidItemException;

    /**
     * Decodes the image, having checked it.
     *
     * @return a {@link BufferedImage#TYPE_3BYTE_BGR} of the caller's own
     */
    BufferedImage decode(EncodedImage image) throws InvalidItemException;
}
