package dev.flowguard.tensor;

/**
 * Normal noise whose every value is a function of (seed, stream, index) and of nothing else: not of the thread, the order of
 * calls, the device or the JDK.
 *
 * <p>The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The seed is its
 * key, the stream the high half of its counter and {@code index / 4} the low half. The Box–Muller transform turns pairs of
 * its words into pairs of normal values; {@link StrictMath} makes the result the same on every JVM to the last bit. As the
 * words have 32 bits, no value is further than 6.66 from 0.
 */
public final class Noise {

    private static final double TWO_TO_MINUS_32 = 0x1p-32;

    private Noise() {}

    /**
     * The first {@code count} values of a stream.
     *
     * @param stream tells apart sequences of one seed, such as members or steps
     */
    public static float[] standardNormal(long seed, long stream, int count) {
        float[] values = new float[count];
        int[] words = new int[Philox.WORDS];
        for (int start = 0; start < count; start += Philox.WORDS) {
            Philox.block(seed, stream, start / Philox.WORDS, words);
            for (int pair = 0; pair < Philox.WORDS; pair += 2) {
                double radius = StrictMath.sqrt(-2 * StrictMath.log(uniform(words[pair])));
                double angle = 2 * Math.PI * uniform(words[pair + 1]);
                set(values, start + pair, radius * StrictMath.cos(angle));
                set(values, start + pair + 1, radius * StrictMath.sin(angle));
            }
        }
        return values;
    }

    /** The same values as a FLOAT32 tensor in row-major order. */
    public static Tensor standardNormal(Device device, long seed, long stream, long... shape) {
        int count = Math.toIntExact(Tensor.elementCount(shape));
        return Tensor.of(device, standardNormal(seed, stream, count), shape);
    }

    /** A word as a number strictly between 0 and 1, whose logarithm is finite. */
    private static double uniform(int word) {
        return (Integer.toUnsignedLong(word) + .5) * TWO_TO_MINUS_32;
    }

    private static void set(float[] values, int index, double value) {
        if (index < values.length) {
            values[index] = (float) value;
        }
    }
}
