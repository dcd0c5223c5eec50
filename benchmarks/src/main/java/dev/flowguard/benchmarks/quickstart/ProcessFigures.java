package dev.flowguard.benchmarks.quickstart;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * What {@code quickstart-curve.sh} saw of a run from outside.
 *
 * @param secondsToFirstIteration from the start of the JVM until the line of iteration 1 was there
 * @param peakResidentMiB largest resident set of the process
 * @param loadBefore load average of the machine just before the start: what else was running
 */
record ProcessFigures(double secondsToFirstIteration, double peakResidentMiB, double loadBefore) {

    static final String FILE = "measured.properties";

    /** Reads {@value #FILE} of a run's folder. */
    static ProcessFigures read(Path folder) {
        Path file = folder.resolve(FILE);
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new InputException(
                    file + " cannot be read (" + e.getMessage()
                            + "): runs are measured by benchmarks/quickstart-curve.sh",
                    e);
        }
        return new ProcessFigures(
                number(properties, file, "first_iteration_seconds"),
                number(properties, file, "peak_rss_kib") / 1024,
                number(properties, file, "load_before"));
    }

    private static double number(Properties properties, Path file, String key) {
        String text = properties.getProperty(key, "");
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new InputException(file + ": " + key + " is '" + text + "', not a number; measure the run again", e);
        }
    }
}
