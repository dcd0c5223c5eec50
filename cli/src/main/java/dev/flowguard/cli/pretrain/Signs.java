package dev.flowguard.cli.pretrain;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Draws batches of signs: batch n of a seed is always the same, so that a resumed training sees what it would have seen. */
final class Signs {

    /** Signs and what they show. */
    static final class Batch {

        private final List<String> words;
        private final float[] pixels;

        private Batch(List<String> words, float[] pixels) {
            this.words = words;
            this.pixels = pixels;
        }

        List<String> words() {
            return words;
        }

        /** [B, 3, 32, 64] in [-1, 1], in the current scope. */
        Tensor images(Device device) {
            return Tensor.of(device, pixels, words.size(), 3, WordWorld.HEIGHT, WordWorld.WIDTH);
        }
    }

    private final WordWorld world = new WordWorld();
    private final Set<String> heldOut;
    private final long seed;

    Signs(Set<String> heldOut, long seed) {
        this.heldOut = heldOut;
        this.seed = seed;
    }

    Batch batch(int number, int size) {
        RandomGenerator random = random(number);
        List<String> words = new ArrayList<>();
        float[] pixels = new float[size * 3 * WordWorld.HEIGHT * WordWorld.WIDTH];
        for (int i = 0; i < size; i++) {
            String word = WordWorld.randomWord(random, heldOut);
            words.add(word);
            float[] sign = world.draw(word, random);
            System.arraycopy(sign, 0, pixels, i * sign.length, sign.length);
        }
        return new Batch(words, pixels);
    }

    /** Randomness of its own for everything that happens in step {@code number}. */
    RandomGenerator random(long number) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 0x9E3779B97F4A7C15L + number);
    }
}
