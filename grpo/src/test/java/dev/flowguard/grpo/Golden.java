package dev.flowguard.grpo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Properties;

/** The values that tools/parity/grpo_golden.py writes: fp64, by the formulas as the papers print them. */
final class Golden {
    /** The latent, velocity and noise that the golden steps start from. */
    static final double[] X = {.5, -1, .25, 2};

    static final double[] V = {-.25, .75, 1.5, -.5};
    static final double[] NOISE = {.3, -.6, 1.2, -.1};
    static final double[] DELTA_V = {.02, -.01, .005, .03};

    private static final Properties VALUES = load();

    private Golden() {}

    static double[] values(String key) {
        String text = Objects.requireNonNull(VALUES.getProperty(key), key);
        return Arrays.stream(text.split(",")).mapToDouble(Double::parseDouble).toArray();
    }

    static double value(String key) {
        return values(key)[0];
    }

    private static Properties load() {
        try (InputStream file = Objects.requireNonNull(Golden.class.getResourceAsStream("/golden.properties"))) {
            Properties properties = new Properties();
            properties.load(file);
            return properties;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
