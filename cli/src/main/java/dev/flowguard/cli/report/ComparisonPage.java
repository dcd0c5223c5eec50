package dev.flowguard.cli.report;

import static dev.flowguard.cli.report.HtmlTemplate.escape;

import dev.flowguard.learner.output.KeptSample;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/** The comparison as one HTML file that needs nothing else. Immutable. */
final class ComparisonPage {

    /** More rows of images than this make the page heavy without telling more. */
    private static final int MAX_PROMPTS = 12;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Comparison comparison;

    ComparisonPage(Comparison comparison) {
        this.comparison = comparison;
    }

    String html() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("title", "FlowGuard · comparison");
        values.put("headline", headline());
        values.put("summary", summary());
        values.put("table", table());
        values.put("legend", legend());
        values.put("ratios", ratios());
        values.put("differences", differences());
        values.put("samples", samples());
        values.put("runs", runs());
        values.put("style", HtmlTemplate.resource("/dev/flowguard/cli/report/report.css"));
        values.put("script", HtmlTemplate.resource("/dev/flowguard/cli/report/comparison.js"));
        values.put("chartjs", ReportPage.chartLibrary());
        values.put("data", data());
        return HtmlTemplate.named("comparison.html").fill(values);
    }

    private String headline() {
        return comparison.arms().stream().map(Arm::label).collect(Collectors.joining(" against "));
    }

    private String summary() {
        int runs = comparison.arms().stream().mapToInt(arm -> arm.runs().size()).sum();
        return "%d runs in %d arms; the runs of an arm differ in their seed alone. Scores are means on prompts that training never sees. The proxy is %s; gold rewards are watched and never trained on."
                .formatted(runs, comparison.arms().size(), comparison.proxyName());
    }

    private String legend() {
        return IntStream.range(0, comparison.arms().size())
                .mapToObj(i -> "<span><i style=\"background:%s\"></i>%s</span>"
                        .formatted(
                                ArmColours.css(i),
                                escape(comparison.arms().get(i).label())))
                .collect(Collectors.joining("", "<div class=\"legend\">", "</div>"));
    }

    private String table() {
        Map<String, List<Optional<Estimate>>> columns = comparison.table();
        StringBuilder html = new StringBuilder(
                "<div class=\"scroll\"><table class=\"numbers\"><thead><tr><th>arm</th><th>seeds</th>");
        columns.keySet()
                .forEach(name -> html.append("<th>").append(escape(name)).append("</th>"));
        html.append("</tr></thead><tbody>");
        for (int i = 0; i < comparison.arms().size(); i++) {
            Arm arm = comparison.arms().get(i);
            html.append("<tr><td><i class=\"dot\" style=\"background:%s\"></i>%s</td><td>%d</td>"
                    .formatted(
                            ArmColours.css(i), escape(arm.label()), arm.runs().size()));
            for (List<Optional<Estimate>> column : columns.values()) {
                html.append("<td>")
                        .append(column.get(i).map(Estimate::text).orElse("–"))
                        .append(apart(column, i))
                        .append("</td>");
            }
            html.append("</tr>");
        }
        String note =
                "Mean over the seeds and 95 % confidence interval by Student's t. Apart: it has no point in common with the interval of"
                        + " the other arm. Equal proxy is "
                        + ScoreText.of(comparison.equalProxy()) + ", the highest that every run reaches.";
        return "<p class=\"note\">" + escape(note) + "</p>" + html + "</tbody></table></div>";
    }

    /** From which other arms a cell of the table is apart; nothing where from none. */
    private String apart(List<Optional<Estimate>> column, int arm) {
        List<Arm> others = comparison.apartFrom(column, arm);
        if (others.isEmpty()) {
            return "";
        }
        String names = others.size() == comparison.arms().size() - 1
                ? (others.size() == 1 ? "" : " from all")
                : others.stream().map(Arm::label).collect(Collectors.joining(", ", " from ", ""));
        return "<span class=\"apart\">apart" + escape(names) + "</span>";
    }

    private String ratios() {
        List<SortedMap<Integer, PooledRatios>> byArm =
                comparison.arms().stream().map(comparison::ratios).toList();
        TreeSet<Integer> steps = new TreeSet<>();
        byArm.forEach(arm -> steps.addAll(arm.keySet()));
        StringBuilder html =
                new StringBuilder("<div class=\"scroll\"><table class=\"numbers\"><thead><tr><th>arm</th><th></th>");
        steps.forEach(step -> html.append("<th>step ").append(step).append("</th>"));
        html.append("</tr></thead><tbody>");
        for (int i = 0; i < byArm.size(); i++) {
            SortedMap<Integer, PooledRatios> arm = byArm.get(i);
            String name = "<i class=\"dot\" style=\"background:%s\"></i>%s"
                    .formatted(
                            ArmColours.css(i), escape(comparison.arms().get(i).label()));
            html.append(row(name, "above", steps, arm, step -> "%.2f %%".formatted(100 * step.clipUp())))
                    .append(row("", "below", steps, arm, step -> "%.2f %%".formatted(100 * step.clipDown())))
                    .append(row("", "mean / std of log r", steps, arm, step -> "%.3f".formatted(step.shift())));
        }
        return html + "</tbody></table></div>";
    }

    private static String row(
            String arm,
            String what,
            Set<Integer> steps,
            SortedMap<Integer, PooledRatios> ratios,
            Function<PooledRatios, String> text) {
        return steps.stream()
                .map(step -> Optional.ofNullable(ratios.get(step)).map(text).orElse("–"))
                .collect(Collectors.joining(
                        "</td><td>", "<tr><td>" + arm + "</td><td>" + what + "</td><td>", "</td></tr>"));
    }

    private String differences() {
        List<Arm> arms = comparison.arms();
        StringBuilder html =
                new StringBuilder("<div class=\"scroll\"><table class=\"numbers\"><thead><tr><th>setting</th>");
        arms.forEach(arm -> html.append("<th>").append(escape(arm.label())).append("</th>"));
        html.append("</tr></thead><tbody>");
        for (String key : Arm.differences(arms)) {
            html.append("<tr><td>").append(escape(key)).append("</td>");
            arms.forEach(
                    arm -> html.append("<td>").append(escape(arm.setting(key))).append("</td>"));
            html.append("</tr>");
        }
        return html + "</tbody></table></div>";
    }

    private String samples() {
        List<ComparedRun> firsts =
                comparison.arms().stream().map(arm -> arm.runs().get(0)).toList();
        List<KeptSample> before = firsts.get(0).before();
        int rows = Math.min(
                MAX_PROMPTS,
                Math.min(
                        before.size(),
                        firsts.stream()
                                .mapToInt(run -> run.after().size())
                                .min()
                                .orElse(0)));
        if (rows == 0) {
            return "";
        }
        StringBuilder html = new StringBuilder("<section aria-labelledby=\"samples\"><h2 id=\"samples\">Samples</h2>"
                + "<p class=\"note\">The first prompts of the evaluation set, none picked; one seed of the noise a row. Of each arm the first run named, at its end.</p>"
                + "<div class=\"scroll\"><table class=\"sample-table\"><thead><tr><th>prompt</th><th>untrained</th>");
        comparison
                .arms()
                .forEach(arm -> html.append("<th>").append(escape(arm.label())).append("</th>"));
        html.append("</tr></thead><tbody>");
        for (int row = 0; row < rows; row++) {
            html.append("<tr><td>").append(escape(before.get(row).prompt())).append("</td>");
            html.append(cell(before.get(row)));
            for (ComparedRun run : firsts) {
                html.append(cell(run.after().get(row)));
            }
            html.append("</tr>");
        }
        return html + "</tbody></table></div></section>";
    }

    private static String cell(KeptSample sample) {
        PngSize size = PngSize.of(sample.png());
        String scores = sample.scores().entrySet().stream()
                .map(score -> escape(score.getKey()) + " " + ScoreText.brief(score.getValue()))
                .collect(Collectors.joining("<br>"));
        return "<td><img src=\"data:image/png;base64,%s\" alt=\"%s\" width=\"%d\" height=\"%d\"><span>%s</span></td>"
                .formatted(
                        Base64.getEncoder().encodeToString(sample.png().toByteArray()),
                        escape(sample.prompt()),
                        size.width(),
                        size.height(),
                        scores);
    }

    private String runs() {
        return comparison.arms().stream()
                .map(arm -> "<li><b>" + escape(arm.label()) + "</b> "
                        + arm.runs().stream()
                                .map(run -> "<code>" + escape(run.folder().toString()) + "</code> (seed "
                                        + escape(run.setting("seed")) + ")")
                                .collect(Collectors.joining(", "))
                        + "</li>")
                .collect(Collectors.joining("", "<ul class=\"runs\">", "</ul>"));
    }

    // ----------------------------------------------------------------------------------------------------------- data

    private String data() {
        List<Map<String, Object>> arms = new ArrayList<>();
        for (int i = 0; i < comparison.arms().size(); i++) {
            Arm arm = comparison.arms().get(i);
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("label", arm.label());
            entry.put("colour", ArmColours.css(i));
            entry.put("proxy", points(comparison.proxy(arm)));
            Map<String, Object> scores = new LinkedHashMap<>();
            comparison
                    .watched()
                    .forEach(score -> scores.put(score.name(), points(comparison.score(arm, score.name()))));
            entry.put("scores", scores);
            entry.put("diversity", points(comparison.diversity(arm)));
            SortedMap<Integer, PooledRatios> ratios = comparison.ratios(arm);
            entry.put("clipUp", bars(ratios, PooledRatios::clipUp));
            entry.put("clipDown", bars(ratios, PooledRatios::clipDown));
            entry.put("runs", arm.runs().stream().map(this::path).toList());
            arms.add(entry);
        }
        Map<String, Object> data =
                Map.of("arms", arms, "proxyName", comparison.proxyName(), "watched", comparison.watched());
        return JSON.writeValueAsString(data).replace("<", "\\u003c");
    }

    /** One run's way through the proxy and what is watched. */
    private List<Map<String, Object>> path(ComparedRun run) {
        List<Map<String, Object>> path = new ArrayList<>();
        run.evaluations().forEach(row -> {
            Map<String, Object> point = new LinkedHashMap<>();
            point.put("iteration", row.iteration());
            point.put("proxy", run.proxy(row).orElseThrow());
            comparison.watched().forEach(score -> {
                Double value = row.eval().get(score.name());
                if (value != null) {
                    point.put("score." + score.name(), value);
                }
            });
            path.add(point);
        });
        return path;
    }

    private static List<Map<String, Object>> points(SortedMap<Integer, Estimate> course) {
        List<Map<String, Object>> points = new ArrayList<>();
        course.forEach((iteration, estimate) -> points.add(
                Map.of("x", iteration, "y", estimate.mean(), "low", estimate.lowest(), "high", estimate.highest())));
        return points;
    }

    private static List<Map<String, Object>> bars(
            SortedMap<Integer, PooledRatios> steps, ToDoubleFunction<PooledRatios> share) {
        List<Map<String, Object>> points = new ArrayList<>();
        steps.forEach((step, ratios) -> points.add(Map.of("x", step, "y", share.applyAsDouble(ratios))));
        return points;
    }
}
