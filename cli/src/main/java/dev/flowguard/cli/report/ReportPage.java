package dev.flowguard.cli.report;

import static dev.flowguard.cli.report.HtmlTemplate.escape;

import dev.flowguard.cli.report.RunDescription.ScorerFacts;
import dev.flowguard.learner.output.IterationReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The report: one HTML file that needs nothing else, neither network nor other files.
 *
 * <p>Immutable.
 */
final class ReportPage {

    /** More pairs than this make the page heavy without telling more. */
    private static final int MAX_PAIRS = 24;

    /** More points than this cannot be told apart on a screen. */
    private static final int MAX_ROWS = 2000;

    private static final String CHART_JS = "/META-INF/resources/webjars/chart.js/4.4.9/dist/chart.umd.js";

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final HtmlTemplate PAIR = HtmlTemplate.of("""
            <figure class="pair">
            <div class="images"><img src="{{before}}" alt="before: {{prompt}}" width="{{width}}" height="{{height}}">\
            <img src="{{after}}" alt="after: {{prompt}}" width="{{width}}" height="{{height}}"></div>
            <div class="scores"><span>{{{scoresBefore}}}</span><span>{{{scoresAfter}}}</span></div>
            <p class="prompt">{{prompt}} <span class="seed">seed {{seed}}</span></p>
            </figure>
            """);

    private final RunDescription run;
    private final List<IterationReport> rows;

    ReportPage(RunDescription run, List<IterationReport> rows) {
        this.run = run;
        this.rows = Timeline.of(rows);
    }

    String html() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("title", "FlowGuard · " + run.runId());
        values.put("run", run.runId());
        values.put("headline", headline());
        values.put("summary", summary());
        values.put("banner", banner());
        values.put("scoresNote", scoresNote());
        values.put("samples", samples());
        values.put("timeSplit", timeSplit());
        values.put("settings", settings());
        values.put("trace", trace());
        values.put("style", HtmlTemplate.resource("/dev/flowguard/cli/report/report.css"));
        values.put("script", HtmlTemplate.resource("/dev/flowguard/cli/report/report.js"));
        values.put("chartjs", chartLibrary());
        values.put("data", data());
        return HtmlTemplate.named("report.html").fill(values);
    }

    /** Chart.js, without the reference to a file that would have to be fetched. */
    static String chartLibrary() {
        return HtmlTemplate.resource(CHART_JS).replaceAll("(?m)^//# sourceMappingURL=.*$", "");
    }

    // ------------------------------------------------------------------------------------------------------- headline

    private String headline() {
        return run.scorers().stream()
                .map(scorer -> headline(scorer.name()))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse("No evaluation yet");
    }

    private @Nullable String headline(String scorer) {
        List<Double> evaluations = evaluations(scorer);
        if (evaluations.isEmpty()) {
            return null;
        }
        String first = ScoreText.brief(evaluations.get(0));
        if (evaluations.size() == 1) {
            return escape(scorer + " " + first);
        }
        String last = ScoreText.brief(evaluations.get(evaluations.size() - 1));
        return escape(scorer) + " " + first + " <span class=\"arrow\">→</span> <span class=\"after\">" + last
                + "</span>";
    }

    private List<Double> evaluations(String scorer) {
        return rows.stream()
                .map(row -> row.eval().get(scorer))
                .filter(Objects::nonNull)
                .toList();
    }

    private String summary() {
        int done = rows.isEmpty() ? 0 : rows.get(rows.size() - 1).iteration();
        String time = rows.isEmpty()
                ? ""
                : " in " + duration(rows.get(rows.size() - 1).elapsed());
        String progress =
                switch (run.status()) {
                    case FINISHED -> done + " iterations" + time + ".";
                    case INTERRUPTED ->
                        "Interrupted after " + done + " of " + run.plannedIterations() + " iterations" + time
                                + "; the run can go on from there with --resume.";
                    case HALTED ->
                        "Halted by the sentinel after " + done + " of " + run.plannedIterations() + " iterations" + time
                                + ".";
                    case FAILED ->
                        "Failed after " + done + " of " + run.plannedIterations() + " iterations" + time
                                + "; the run can go on from there with --resume.";
                    case RUNNING -> done + " of " + run.plannedIterations() + " iterations so far" + time + ".";
                };
        return "The score is the mean on prompts that training never sees, drawn without noise between the steps. "
                + progress;
    }

    /** What the sentinel has seen and done, where it has; nothing otherwise. */
    private String banner() {
        List<IterationReport> alarmed =
                rows.stream().filter(row -> row.oversight().action() != null).toList();
        if (alarmed.isEmpty()) {
            return "";
        }
        String events = alarmed.stream()
                .map(row -> "<li>iteration " + row.iteration() + ": " + escape(alarm(row)) + "</li>")
                .collect(Collectors.joining());
        return "<aside class=\"alarm\"><strong>Over-optimisation.</strong> The proxy rises while a gold reward falls, by more"
                + " than noise explains.<ul>" + events + "</ul></aside>";
    }

    private static String alarm(IterationReport row) {
        String what = row.oversight().alarms().stream()
                .map(name -> {
                    IterationReport.GoldWatch watch = row.oversight().watches().get(name);
                    return watch == null
                            ? name
                            : String.format(
                                    Locale.ROOT,
                                    "%s %+.3f ± %.3f since its best at iteration %d, proxy %+.3f ± %.3f",
                                    name,
                                    watch.goldChange(),
                                    watch.goldError(),
                                    watch.bestIteration(),
                                    watch.proxyChange(),
                                    watch.proxyError());
                })
                .collect(Collectors.joining("; "));
        return what + " (" + row.oversight().action() + ")";
    }

    private String scoresNote() {
        return "Held-out prompts are drawn by ODE with fixed seeds; training samples are drawn by SDE. The band is one"
                + " standard deviation of the training samples of an iteration."
                + total(IterationReport.Scoring::missing, " Scores that are missing, by reward: ")
                + total(IterationReport.Scoring::droppedFor, " Groups given up for want of a score: ")
                + swaps();
    }

    /** A sentence with the sums over the run; none where nothing was counted. */
    private String total(Function<IterationReport.Scoring, Map<String, Integer>> counted, String sentence) {
        Map<String, Integer> totals = new TreeMap<>();
        rows.forEach(row -> counted.apply(row.scoring()).forEach((name, n) -> totals.merge(name, n, Integer::sum)));
        return totals.isEmpty()
                ? ""
                : totals.entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining(", ", sentence, "."));
    }

    /** How exchanges of endpoints ended. */
    private String swaps() {
        StringBuilder sentences = new StringBuilder();
        for (IterationReport row : rows) {
            row.scoring().swaps().forEach((name, swap) -> {
                if (!swap.state().equals("shadowing")) {
                    sentences
                            .append(" Iteration ")
                            .append(row.iteration())
                            .append(": ")
                            .append(name + " " + swap.state() + ", " + swap.next())
                            .append('.');
                }
            });
        }
        return sentences.toString();
    }

    // -------------------------------------------------------------------------------------------------------- samples

    private String samples() {
        SampleSheet before = run.before();
        if (before == null || before.samples().isEmpty()) {
            return "";
        }
        SampleSheet after = run.after();
        SampleSheet right = after == null ? before : after;
        int pairs = Math.min(
                MAX_PAIRS, Math.min(before.samples().size(), right.samples().size()));
        String figures = IntStream.range(0, pairs)
                .mapToObj(i -> pair(before.samples().get(i), right.samples().get(i)))
                .collect(Collectors.joining());
        String note =
                "Left: policy version " + before.policyVersion() + ". Right: policy version " + right.policyVersion()
                        + ". Same prompt, same seed; the first " + pairs + " of the evaluation set, none picked.";
        return "<section aria-labelledby=\"samples\"><h2 id=\"samples\">Before and after</h2><p class=\"note\">"
                + escape(note) + "</p><div class=\"pairs\">" + figures + "</div></section>";
    }

    private String pair(Sample before, Sample after) {
        PngSize size = PngSize.of(before.png());
        return PAIR.fill(Map.of(
                "before", dataUri(before),
                "after", dataUri(after),
                "width", Integer.toString(size.width()),
                "height", Integer.toString(size.height()),
                "prompt", before.prompt(),
                "seed", Long.toUnsignedString(before.seed()),
                "scoresBefore", scores(before, null),
                "scoresAfter", scores(after, before)));
    }

    /** The scores of one image; in bold those that are better than before. */
    private String scores(Sample sample, @Nullable Sample earlier) {
        List<String> scores = new ArrayList<>();
        for (ScorerFacts scorer : run.scorers()) {
            Double value = sample.scores().get(scorer.name());
            if (value != null) {
                Double was = earlier == null ? null : earlier.scores().get(scorer.name());
                String text = escape(scorer.name()) + " " + ScoreText.brief(value);
                scores.add(was != null && value > was ? "<b>" + text + "</b>" : text);
            }
        }
        return String.join("<br>", scores) + read(sample);
    }

    private static String read(Sample sample) {
        String recognized = sample.notes().get("recognized");
        return recognized == null ? "" : "<br><span class=\"read\">reads “" + escape(recognized) + "”</span>";
    }

    private static String dataUri(Sample sample) {
        return "data:image/png;base64,"
                + Base64.getEncoder().encodeToString(sample.png().toByteArray());
    }

    // ----------------------------------------------------------------------------------------------------- time split

    private String timeSplit() {
        Map<String, Double> totals = TimeSplit.of(rows);
        double all = totals.values().stream().mapToDouble(Double::doubleValue).sum();
        if (all <= 0) {
            return "<p class=\"note\">No iteration has ended yet.</p>";
        }
        StringBuilder bar = new StringBuilder("<div class=\"split\">");
        StringBuilder legend = new StringBuilder("<ul class=\"split-legend\">");
        totals.forEach((phase, seconds) -> {
            String colour = TimeSplit.colour(phase);
            bar.append("<i style=\"width:%.3f%%;background:%s\"></i>".formatted(100 * seconds / all, colour));
            legend.append(
                    "<li data-phase=\"%s\" data-colour=\"%s\"><i style=\"background:%s\"></i>%s <b>%s</b> %.0f %%</li>"
                            .formatted(
                                    escape(phase),
                                    colour,
                                    colour,
                                    escape(phase),
                                    duration(seconds),
                                    100 * seconds / all));
        });
        return bar + "</div>" + legend + "</ul>";
    }

    // ------------------------------------------------------------------------------------------- settings and tracing

    private String settings() {
        return run.settings().entrySet().stream()
                .map(setting ->
                        "<tr><td>" + escape(setting.getKey()) + "</td><td>" + escape(setting.getValue()) + "</td></tr>")
                .collect(Collectors.joining("", "<div class=\"scroll\"><table>", "</table></div>"));
    }

    private static String trace() {
        return "Every point of a curve is a line of <code>metrics.jsonl</code> beside this file. Every score behind it, with its"
                + " group, prompt, seeds, policy version and scorer version, is in <code>ledger.jsonl</code>.";
    }

    // ----------------------------------------------------------------------------------------------------------- data

    /** The curves' numbers. {@code <} is written as an escape, so that no text in them can end the script element. */
    private String data() {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("scorers", run.scorers().stream().filter(this::hasNumbers).toList());
        data.put("rows", thinned());
        return JSON.writeValueAsString(data).replace("<", "\\u003c");
    }

    private boolean hasNumbers(ScorerFacts scorer) {
        return rows.stream()
                .anyMatch(row ->
                        row.eval().containsKey(scorer.name()) || row.rewards().containsKey(scorer.name()));
    }

    /** All rows of a short run; of a long one every evaluated row and evenly spaced others. */
    private List<Map<String, Object>> thinned() {
        int stride = rows.size() / MAX_ROWS + 1;
        return IntStream.range(0, rows.size())
                .filter(i -> i % stride == 0
                        || i == rows.size() - 1
                        || !rows.get(i).eval().isEmpty())
                .mapToObj(i -> rows.get(i).toJson())
                .toList();
    }

    static String duration(double seconds) {
        Duration duration = Duration.ofMillis(Math.round(seconds * 1000));
        if (duration.toHours() > 0) {
            return "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
        }
        if (duration.toMinutes() > 0) {
            return "%d min %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
        }
        return String.format(Locale.ROOT, "%.1f s", seconds);
    }
}
