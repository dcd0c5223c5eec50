package dev.flowguard.reward.clip;

import dev.flowguard.models.ClipImageProcessor;
import dev.flowguard.models.PilFilter;
import dev.flowguard.models.PilResize;
import dev.flowguard.models.RgbImage;

/**
 * HPSv2's image transform ({@code image_transform} of its open_clip with {@code resize_longest_max=True}): nothing is cut off. The
 * longer side gets the model's length, the rest of the square is black, and values are not rounded to levels in between (bicubic with
 * antialias on a float tensor, as torchvision does it by default since 0.17).
 *
 * <p>Two cases that end in an error there have a value here: an image whose longer side has that length already and whose other one has
 * not is put on black like the others, and a side that would round to nothing gets one pixel. Where the result is one pixel wide, torch
 * (2.15) repeats its first row; that is not followed.
 *
 * @param side of the square, in pixels
 */
record HpsImageProcessor(int side) {

    private static final int CHANNELS = 3;

    /** What an image becomes: [3, side, side]. */
    float[] process(RgbImage image) {
        double scale = side / (double) Math.max(image.width(), image.height());
        PilResize resize =
                new PilResize(scaled(image.width(), scale), scaled(image.height(), scale), PilFilter.BICUBIC);
        float[] resized = resize.applyUnrounded(image);
        int left = (side - resize.width()) / 2;
        int top = (side - resize.height()) / 2;
        float[] values = new float[CHANNELS * side * side];
        for (int channel = 0; channel < CHANNELS; channel++) {
            double mean = ClipImageProcessor.OPENAI_MEAN.get(channel);
            double std = ClipImageProcessor.OPENAI_STD.get(channel);
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    int column = x - left;
                    int row = y - top;
                    boolean border = column < 0 || row < 0 || column >= resize.width() || row >= resize.height();
                    double value = border ? 0 : resized[(channel * resize.height() + row) * resize.width() + column];
                    values[(channel * side + y) * side + x] = (float) ((value - mean) / std);
                }
            }
        }
        return values;
    }

    /** Halves to even, as Python's {@code round}. */
    private static int scaled(int length, double scale) {
        return Math.max(1, (int) Math.rint(length * scale));
    }
}
