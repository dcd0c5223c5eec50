package dev.flowguard.cli.report;

import dev.flowguard.learner.output.IterationReport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where a run's wall time went, by phase. */
final class TimeSplit {

    /** The phases in the order of the road that a trajectory travels, each with its colour in the report. */
    private static final Map<String, String> COLOURS = colours();

    private TimeSplit() {}

    private static Map<String, String> colours() {
        Map<String, String> colours = new LinkedHashMap<>();
        colours.put("sample", "#5b9a95");
        colours.put("score", "#d3a35f");
        colours.put("learn", "#4f6f9f");
        colours.put("publish", "#a77a9f");
        colours.put("evaluate", "#8aa873");
        colours.put("idle", "#b9b5ab");
        return colours;
    }

    /** Seconds by phase over all rows, known phases first and in their order. */
    static Map<String, Double> of(List<IterationReport> rows) {
        Map<String, Double> totals = new LinkedHashMap<>();
        for (String phase : COLOURS.keySet()) {
            if (rows.stream().anyMatch(row -> row.seconds().containsKey(phase))) {
                totals.put(phase, 0.0);
            }
        }
        for (IterationReport row : rows) {
            row.seconds().forEach((phase, seconds) -> totals.merge(phase, seconds, Double::sum));
        }
        return totals;
    }

    static String colour(String phase) {
        return COLOURS.getOrDefault(phase, "#8b8f94");
    }
}
