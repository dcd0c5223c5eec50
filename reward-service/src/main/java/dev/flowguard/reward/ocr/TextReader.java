package dev.flowguard.reward.ocr;

import java.awt.image.BufferedImage;

/** Reads text in images. Confined to the thread that opened it, which closes it. */
interface TextReader extends AutoCloseable {

    /**
     * The text in an image, its lines joined without separators as Flow-GRPO joins them. Empty if there is none.
     *
     * @param image {@link BufferedImage#TYPE_3BYTE_BGR}
     */
    String read(BufferedImage image);

    @Override
    void close();
}
