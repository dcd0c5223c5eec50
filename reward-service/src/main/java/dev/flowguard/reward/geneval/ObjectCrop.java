package dev.flowguard.reward.geneval;

import java.awt.image.BufferedImage;

/** What is shown to CLIP of an object: its box of the image, the background within it grey (#999) where the detector gave a mask. */
final class ObjectCrop {

    private static final int BACKGROUND = 0x999999;

    private ObjectCrop() {}

    /** The sides are rounded as Pillow's {@code crop} rounds them, halves to even; the crop has one pixel at least. */
    static BufferedImage of(BufferedImage image, Detection object) {
        int left = Math.min((int) Math.rint(object.box().left()), image.getWidth() - 1);
        int top = Math.min((int) Math.rint(object.box().top()), image.getHeight() - 1);
        int width = Math.max(1, (int) Math.rint(object.box().right()) - left);
        int height = Math.max(1, (int) Math.rint(object.box().bottom()) - top);
        BufferedImage crop = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int fromX = left + x;
                int fromY = top + y;
                boolean shown =
                        object.mask().map(mask -> mask.covers(fromX, fromY)).orElse(true);
                crop.setRGB(x, y, shown ? image.getRGB(fromX, fromY) : BACKGROUND);
            }
        }
        return crop;
    }
}
