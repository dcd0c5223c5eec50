package dev.flowguard.learner.training;

import com.google.protobuf.ByteString;
import dev.flowguard.models.PngImage;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.List;

/**
 * How different the images of one prompt are: the mean over all pairs of the root mean square difference of their pixels,
 * over the three channels. In [0, 1]: 0 where all are the same, 1 between black and white.
 *
 * <p>Pixels, not perception: noise counts as difference, and so does a word that has moved. It tells a policy that draws the
 * same image from every seed, and is to be compared with the same model's own number before training.
 */
final class ImageDiversity {
    private ImageDiversity() {}

    /**
     * Of one prompt's images; inside {@link dev.flowguard.tensor.Compute}.
     *
     * @param pngs at least two, of one size
     * @throws InputException if one of them is no image
     */
    static double of(List<ByteString> pngs) {
        List<float[]> images = new ArrayList<>();
        for (ByteString png : pngs) {
            images.add(PngImage.decode(Device.cpu(), png.toByteArray()).toFloats());
        }
        double sum = 0;
        int pairs = 0;
        for (int i = 0; i < images.size(); i++) {
            for (int j = 0; j < i; j++) {
                sum += distance(images.get(i), images.get(j));
                pairs++;
            }
        }
        return sum / pairs;
    }

    private static double distance(float[] one, float[] other) {
        if (one.length != other.length) {
            throw new InputException("images of one prompt have " + one.length + " and " + other.length + " values");
        }
        double squares = 0;
        for (int i = 0; i < one.length; i++) {
            double difference = one[i] - other[i];
            squares += difference * difference;
        }
        return Math.sqrt(squares / one.length);
    }
}
