package dev.flowguard.models;

import dev.flowguard.tensor.Noise;
import java.util.Arrays;
import java.util.Random;

/** The distribution that a parameter is drawn from when a network is made from nothing. */
sealed interface Initializer {

    /** Uniform on [-bound, bound): PyTorch's default for linear and convolution layers, with bound = 1/sqrt(fan in). */
    record Uniform(double bound) implements Initializer {}

    /** Normal with mean 0. */
    record Normal(double std) implements Initializer {}

    /** One value everywhere. */
    record Constant(double value) implements Initializer {}

    static Initializer zeros() {
        return new Constant(0);
    }

    static Initializer ones() {
        return new Constant(1);
    }

    /** PyTorch's {@code kaiming_uniform_(a=sqrt(5))}, which it uses for weights and biases alike. */
    static Initializer torchDefault(long fanIn) {
        return new Uniform(1 / Math.sqrt((double) fanIn));
    }

    /**
     * Draws values that depend on the seed and the parameter's name only, so that adding a layer does not change the others.
     */
    default float[] draw(long seed, String name, int count) {
        if (this instanceof Constant constant) {
            float[] values = new float[count];
            Arrays.fill(values, (float) constant.value());
            return values;
        }
        long stream = streamOf(name);
        if (this instanceof Normal normal) {
            float[] values = Noise.standardNormal(seed, stream, count);
            for (int i = 0; i < count; i++) {
                values[i] *= (float) normal.std();
            }
            return values;
        }
        double bound = ((Uniform) this).bound();
        // The algorithm of java.util.Random is part of its specification: the same weights on every JDK.
        Random random = new Random(seed * 0x9E3779B97F4A7C15L + stream);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) ((2 * random.nextFloat() - 1) * bound);
        }
        return values;
    }

    /** A 64-bit FNV-1a hash: {@code String.hashCode} has too many collisions for names that differ in one digit. */
    private static long streamOf(String name) {
        long hash = 0xCBF29CE484222325L;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * 0x100000001B3L;
        }
        return hash;
    }
}
