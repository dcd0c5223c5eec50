package dev.flowguard.reward.geneval;

import java.awt.image.BufferedImage;
import java.util.List;

/** Tells the colour of an object from its picture. Thread-safe; who opened it closes it. */
interface ColourClassifier extends AutoCloseable {

    /**
     * The colour of each picture, in their order.
     *
     * @param object class of all of them
     */
    List<Colour> coloursOf(String object, List<BufferedImage> crops);

    /** SHA-256 (32 bytes) over all that determines a colour. */
    byte[] sha256();

    @Override
    void close();
}
