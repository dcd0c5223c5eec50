package dev.flowguard.tensor;

/**
 * Philox4x32-10, a counter-based random number generator: ten rounds of multiplication and exclusive-or turn a key and a
 * counter into 128 random bits.
 */
final class Philox {

    /** 32-bit words in one block. */
    static final int WORDS = 4;

    private static final int ROUNDS = 10;

    // The constants of the paper's reference implementation, Random123.
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;

    private Philox() {}

    /**
     * Computes one block.
     *
     * @param key 64 bits, low word first
     * @param counterHigh bits 64 to 127 of the counter
     * @param counterLow bits 0 to 63 of the counter
     * @param words receives the {@value #WORDS} words
     */
    static void block(long key, long counterHigh, long counterLow, int[] words) {
        int key0 = (int) key;
        int key1 = (int) (key >>> 32);
        int c0 = (int) counterLow;
        int c1 = (int) (counterLow >>> 32);
        int c2 = (int) counterHigh;
        int c3 = (int) (counterHigh >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(c0);
            long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(c2);
            c0 = (int) (product1 >>> 32) ^ c1 ^ key0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ key1;
            c3 = (int) product0;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }
}
