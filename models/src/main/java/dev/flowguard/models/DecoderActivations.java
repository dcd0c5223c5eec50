package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import java.util.List;

/**
 * How much memory the autoencoder takes to decode, its weights aside: the feature maps that are alive at once in the widest
 * moment of a level of the decoder, each level on a map four times the size of the one before.
 *
 * <table>
 * <caption>Feature maps in a level of k residual blocks, in channels</caption>
 * <tr><th>moment</th><th>alive</th></tr>
 * <tr><td>first block</td><td>input, normalised, activated: 3 in; two convolutions, normalised, activated, sum: 5 out; the
 *     shortcut where in and out differ: out</td></tr>
 * <tr><td>last block</td><td>input: in; results of the blocks before it: (k - 1) out; 7 out within</td></tr>
 * <tr><td>doubling</td><td>in + k out, and on the larger map the doubled one and its convolution: 4 times 2 out</td></tr>
 * </table>
 *
 * @param config of the autoencoder
 * @param dtype it computes in
 */
public record DecoderActivations(AutoencoderKlConfig config, DType dtype) {
    private static final int MOST_TOGETHER = 8;
    private static final int PIXELS_TOGETHER = 512 * 512;

    /**
     * How many images are decoded together: as many as have the pixels of one of 512 x 512, because the activations are a
     * hundred times the images; at least one, and no more than 8.
     *
     * @param height in pixels
     * @param width in pixels
     */
    public static int imagesTogether(int height, int width) {
        return (int) Math.max(1, Math.min(MOST_TOGETHER, PIXELS_TOGETHER / ((long) height * width)));
    }

    /**
     * Peak bytes of decoding.
     *
     * @param images decoded together
     * @param height in pixels
     * @param width in pixels
     */
    public long bytes(int images, int height, int width) {
        List<Integer> widths = config.blockOutChannels();
        long most = 0;
        for (int level = widths.size() - 1; level >= 0; level--) {
            long out = widths.get(level);
            long in = level == widths.size() - 1 ? out : widths.get(level + 1);
            long area = (long) (height >> level) * (width >> level);
            long blocks = config.layersPerBlock() + 1L;
            long first = 3 * in + 5 * out + (in == out ? 0 : out);
            long last = in + (blocks - 1) * out + 7 * out;
            long doubling = level == 0 ? 0 : in + blocks * out + 4 * 2 * out;
            long maps = Math.max(Math.max(first, last), doubling);
            most = Math.max(most, maps * area);
        }
        return most * images * dtype.bytes();
    }
}
