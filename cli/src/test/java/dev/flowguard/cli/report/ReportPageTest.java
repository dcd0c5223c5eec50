package dev.flowguard.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.output.IterationReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReportPageTest {

    @Test
    void needsNothingElse() throws IOException {
        String html = new ReportPage(ExampleRun.description(RunStatus.FINISHED), ExampleRun.rows()).html();

        String own = html.replaceAll("(?s)<script>/\\*!.*?</script>", "");
        assertThat(own).doesNotContain("http://", "https://", "src=\"/", "<link");
        assertThat(html).doesNotContain("sourceMappingURL");
        // For people who want to look at it.
        Files.writeString(Path.of("target", "example-report.html"), html);
    }

    @Test
    void headlineTellsTheFirstAndTheLastEvaluation() {
        String html = new ReportPage(ExampleRun.description(RunStatus.FINISHED), ExampleRun.rows()).html();

        assertThat(text(html, "h1")).isEqualTo("ocr 0.46 → 0.77");
    }

    @Test
    void interruptedRunSaysHowFarItCame() {
        List<IterationReport> rows = ExampleRun.rows().subList(0, 38);

        String html = new ReportPage(ExampleRun.description(RunStatus.INTERRUPTED), rows).html();

        assertThat(html).contains("Interrupted after 37 of 120 iterations in 1 min 34 s");
    }

    @Test
    void hostileTextStaysText() {
        String hostile = "</script><img src=x onerror=alert(1)>";
        RunDescription run = new RunDescription(
                hostile,
                RunStatus.FINISHED,
                1,
                List.of(new RunDescription.ScorerFacts(hostile, true, 1)),
                Map.of(hostile, hostile),
                null,
                null);
        IterationReport row = new IterationReport(
                1, 1, 1, Map.of(), Map.of(hostile, 0.5), Map.of(), IterationReport.Oversight.none(), null, Map.of());

        String html = new ReportPage(run, List.of(row)).html();

        assertThat(html).doesNotContain("<img").contains("&lt;img");
    }

    @Test
    void whatIsMissingOfTheScoresIsCountedAndNamed() {
        IterationReport.Scoring scoring = new IterationReport.Scoring(
                Map.of("pick", 4),
                Map.of("ocr", 1),
                Map.of("ocr", new IterationReport.SwapReport("aborted", "<new>:7070", 16, 0, .2, .1, .3)));
        IterationReport row = new IterationReport(
                7, 7, 1, Map.of(), Map.of(), Map.of(), scoring, IterationReport.Oversight.none(), null, Map.of());

        String html = new ReportPage(ExampleRun.description(RunStatus.FINISHED), List.of(row, row)).html();

        assertThat(html)
                .contains("Scores that are missing, by reward: pick 8. Groups given up for want of a score: ocr 2.")
                .contains("Iteration 7: ocr aborted, &lt;new&gt;:7070.");
    }

    @Test
    void aRunWithoutAnyMetricsHasAReport() {
        String html = new ReportPage(ExampleRun.description(RunStatus.FAILED), List.of()).html();

        assertThat(text(html, "h1")).isEqualTo("No evaluation yet");
        assertThat(html).contains("No iteration has ended yet");
    }

    @Test
    void anAlarmOfTheSentinelIsABanner() {
        String html = new ReportPage(ExampleRun.description(RunStatus.FINISHED), ExampleRun.rows()).html();
        String calm = new ReportPage(
                        ExampleRun.description(RunStatus.FINISHED),
                        ExampleRun.rows().subList(0, 100))
                .html();

        assertThat(html)
                .contains("iteration 110: jpeg-compressibility -0.040 ± 0.012 since its best at iteration 80,"
                        + " proxy +0.030 ± 0.008 (alert)");
        assertThat(calm).doesNotContain("<aside");
    }

    private static String text(String html, String element) {
        Matcher matcher =
                Pattern.compile("(?s)<" + element + ">(.*?)</" + element + ">").matcher(html);
        assertThat(matcher.find()).isTrue();
        return matcher.group(1).replaceAll("<[^>]*>", "");
    }
}
