package dev.flowguard.reward.imagereward;

import dev.flowguard.models.ClipImageProcessor;
import dev.flowguard.models.PilFilter;
import dev.flowguard.models.PilResize;
import dev.flowguard.models.RgbImage;
import java.awt.Rectangle;

/**
 * ImageReward's image transform: torchvision's {@code Resize} (the shorter side, bicubic), {@code CenterCrop} and {@code Normalize} of a
 * Pillow image. It differs from CLIP's in where the centre is: halves of a pixel go to the even neighbour here, and down there.
 *
 * @param side of the square, in pixels
 */
record ImageRewardProcessor(int side) {

    private static final int CHANNELS = 3;
    private static final double BLACK_TO_WHITE = 255;

    /** What an image becomes: [3, side, side]. */
    float[] process(RgbImage image) {
        boolean upright = image.width() <= image.height();
        double shorter = upright ? image.width() : image.height();
        double longer = upright ? image.height() : image.width();
        int other = (int) (side * longer / shorter);
        PilResize resize = new PilResize(upright ? side : other, upright ? other : side, PilFilter.BICUBIC);
        Rectangle centre = new Rectangle(offset(resize.width()), offset(resize.height()), side, side);
        byte[] samples = resize.apply(image, centre).samples();
        float[] values = new float[samples.length];
        int area = side * side;
        for (int channel = 0; channel < CHANNELS; channel++) {
            double mean = ClipImageProcessor.OPENAI_MEAN.get(channel);
            double std = ClipImageProcessor.OPENAI_STD.get(channel);
            for (int pixel = 0; pixel < area; pixel++) {
                int level = samples[pixel * CHANNELS + channel] & 0xff;
                values[channel * area + pixel] = (float) ((level / BLACK_TO_WHITE - mean) / std);
            }
        }
        return values;
    }

    /** Halves to even, as Python's {@code round}. */
    private int offset(int length) {
        return (int) Math.rint((length - side) / 2.0);
    }
}
