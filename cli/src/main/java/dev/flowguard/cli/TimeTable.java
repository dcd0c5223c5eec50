package dev.flowguard.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Where the time went, as one line. */
final class TimeTable {

    private TimeTable() {}

    /** "time     sample 41 %, score 12 %, learn 44 %, publish 1 %, idle 2 % of 4 min 12 s". */
    static String of(Map<String, Double> seconds) {
        double all = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
        if (all <= 0) {
            return "time     no iteration has ended";
        }
        String split = seconds.entrySet().stream()
                .map(phase -> String.format(Locale.ROOT, "%s %.0f %%", phase.getKey(), 100 * phase.getValue() / all))
                .collect(Collectors.joining(", "));
        return "time     " + split + " of " + ProgressUpdate.duration(Duration.ofMillis(Math.round(1000 * all)));
    }
}
