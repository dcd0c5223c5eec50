package dev.flowguard.benchmarks.quickstart;

import dev.flowguard.benchmarks.Series;
import dev.flowguard.tensor.InputException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Prints what the runs of {@code quickstart-curve.sh} show: {@code QuickstartCurve FOLDER...}, one folder a seed. */
public final class QuickstartCurve {

    private static final String UNKNOWN = "-";
    private static final double FIVE_MINUTES = 300;
    private static final double TWENTY_MINUTES = 1200;
    private static final double CURVE_STEP = 60;

    private final PrintWriter out;
    private final List<MeasuredRun> runs;

    QuickstartCurve(PrintWriter out, List<MeasuredRun> runs) {
        this.out = out;
        this.runs = List.copyOf(runs);
    }

    public static void main(String[] args) {
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        if (args.length == 0) {
            err.println("usage: QuickstartCurve FOLDER... (made by benchmarks/quickstart-curve.sh)");
            System.exit(2);
        }
        try {
            List<MeasuredRun> runs =
                    Arrays.stream(args).map(Path::of).map(MeasuredRun::read).toList();
            new QuickstartCurve(new PrintWriter(System.out, true, StandardCharsets.UTF_8), runs).print();
        } catch (InputException e) {
            err.println(e.getMessage());
            System.exit(2);
        }
    }

    void print() {
        out.println(Runtime.getRuntime().availableProcessors() + " processors, Java "
                + Runtime.version().feature() + "; seconds count from the start of the JVM");
        out.println();
        row("", run -> run.name(), "mean (min..max)");
        row("iterations", run -> String.valueOf(run.iterations()), "");
        numbers("seconds", "%.0f", run -> OptionalDouble.of(run.seconds()));
        numbers(
                "seconds to iteration 1",
                "%.1f",
                run -> OptionalDouble.of(run.process().secondsToFirstIteration()));
        numbers("peak RSS, MiB", "%.0f", run -> OptionalDouble.of(run.process().peakResidentMiB()));
        numbers(
                "load average before",
                "%.2f",
                run -> OptionalDouble.of(run.process().loadBefore()));
        numbers("canary: max |log r|", "%.1e", MeasuredRun::canary);
        numbers("held-out OCR before", "%.3f", MeasuredRun::scoreBefore);
        numbers("held-out OCR at the end", "%.3f", MeasuredRun::scoreAtEnd);
        numbers("rise in 5 minutes", "%+.3f", run -> run.riseAfter(FIVE_MINUTES));
        numbers("rise in 20 minutes", "%+.3f", run -> run.riseAfter(TWENTY_MINUTES));
        numbers("held-out OCR at 20 minutes", "%.3f", run -> run.scoreAfter(TWENTY_MINUTES));
        out.println();
        out.println("held-out OCR by minutes");
        double longest = runs.stream().mapToDouble(MeasuredRun::seconds).max().orElseThrow();
        for (double seconds = CURVE_STEP; seconds <= longest; seconds += CURVE_STEP) {
            double now = seconds;
            numbers(String.format(Locale.ROOT, "%.0f", seconds / 60), "%.3f", run -> run.scoreAfter(now));
        }
        out.println();
        out.println("seconds an iteration");
        for (String phase : phases()) {
            numbers(phase, "%.3f", run -> {
                Double seconds = run.secondsPerIteration().get(phase);
                return seconds == null ? OptionalDouble.empty() : OptionalDouble.of(seconds);
            });
        }
    }

    private List<String> phases() {
        Map<String, Double> all = new LinkedHashMap<>();
        runs.forEach(run -> all.putAll(run.secondsPerIteration()));
        return List.copyOf(all.keySet());
    }

    private void numbers(String label, String format, Function<MeasuredRun, OptionalDouble> number) {
        List<Double> known = runs.stream()
                .map(number)
                .filter(OptionalDouble::isPresent)
                .map(OptionalDouble::getAsDouble)
                .toList();
        String summary = UNKNOWN;
        // Over some of the seeds only, a mean would flatter or slander the others.
        if (known.size() == runs.size()) {
            Series series = new Series(known);
            summary = number(format, series.mean()) + " (" + number(format, series.min()) + ".."
                    + number(format, series.max()) + ")";
        }
        row(
                label,
                run -> {
                    OptionalDouble value = number.apply(run);
                    return value.isPresent() ? number(format, value.getAsDouble()) : UNKNOWN;
                },
                summary);
    }

    private void row(String label, Function<MeasuredRun, String> cell, String summary) {
        String cells =
                runs.stream().map(run -> String.format("%10s", cell.apply(run))).collect(Collectors.joining(" "));
        out.printf("%-28s %s   %s%n", label, cells, summary);
    }

    @SuppressWarnings({"AnnotateFormatMethod", "FormatStringAnnotation"})
    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
