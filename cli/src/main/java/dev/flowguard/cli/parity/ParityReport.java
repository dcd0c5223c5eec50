package dev.flowguard.cli.parity;

import dev.flowguard.tensor.AtomicFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The comparisons as a table, a line as soon as it is known, and as JSON. */
final class ParityReport {

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final PrintWriter out;
    private final int width;
    private final List<Comparison> comparisons = new ArrayList<>();

    /** @param width of the column of names */
    ParityReport(PrintWriter out, int width) {
        this.out = out;
        this.width = width;
        out.printf("%-" + width + "s %11s %11s %11s  %s%n", "entry", "max |diff|", "relative", "tolerance", "");
        out.flush();
    }

    void add(Comparison comparison) {
        comparisons.add(comparison);
        out.printf(
                Locale.ROOT,
                "%-" + width + "s %11.2e %11.2e %11.0e  %s%n",
                comparison.entry(),
                comparison.maxAbsolute(),
                comparison.maxRelative(),
                comparison.tolerance(),
                comparison.passed() ? "pass" : "FAIL");
        out.flush();
    }

    boolean passed() {
        return comparisons.stream().allMatch(Comparison::passed);
    }

    /** The last line. */
    void printSummary() {
        long failed =
                comparisons.stream().filter(comparison -> !comparison.passed()).count();
        double worst =
                comparisons.stream().mapToDouble(Comparison::maxRelative).max().orElse(0);
        out.printf(
                Locale.ROOT,
                "%n%s; the largest relative difference is %.2e%n",
                failed == 0
                        ? "all " + comparisons.size() + " entries agree"
                        : failed + " of " + comparisons.size() + " entries do not agree",
                worst);
        out.flush();
    }

    void write(Path file, Path pipeline, Path reference) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("pipeline", pipeline.toString());
        root.put("reference", reference.toString());
        root.put("passed", passed());
        root.put("entries", comparisons.stream().map(ParityReport::json).toList());
        AtomicFile.write(file, JSON.writeValueAsBytes(root));
    }

    private static Map<String, Object> json(Comparison comparison) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("entry", comparison.entry());
        entry.put("shape", comparison.shape());
        entry.put("max_absolute", comparison.maxAbsolute());
        entry.put("max_relative", comparison.maxRelative());
        entry.put("scale", comparison.scale());
        entry.put("tolerance", comparison.tolerance());
        entry.put("passed", comparison.passed());
        return entry;
    }
}
