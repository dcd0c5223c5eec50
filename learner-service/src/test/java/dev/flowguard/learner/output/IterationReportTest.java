package dev.flowguard.learner.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.output.IterationReport.Oversight;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class IterationReportTest {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Test
    void whatWasSeenOfTheRatiosIsReadBackAsItWasWritten() {
        StepRatios.Spread density =
                new StepRatios.Spread(-1e-5, 2e-5, List.of(-3e-5, -2e-5, -1e-5, 0., 1e-5, 2e-5, 3e-5), null);
        StepRatios.Spread normalised = new StepRatios.Spread(
                1e-7,
                2e-6,
                List.of(-3e-6, -2e-6, -1e-6, 0., 1e-6, 2e-6, 3e-6),
                new StepRatios.Histogram(-4e-6, 4e-6, List.of(1L, 0L, 5L, 2L)));
        StepRatios observed = new StepRatios(
                3,
                .8,
                8,
                1e-7,
                2e-6,
                .25,
                .125,
                new StepRatios.Observed(
                        density,
                        normalised,
                        new StepRatios.SignClip(5, 2, 0),
                        new StepRatios.SignClip(3, 0, 1),
                        .4,
                        1e-9,
                        null));
        StepRatios plain = new StepRatios(4, .7, 12, 0, 0, 0, 0, null);
        IterationReport.Learning learning = new IterationReport.Learning(
                8,
                1,
                48,
                9,
                0,
                0,
                1,
                0.,
                .1,
                .2,
                null,
                1e-4,
                new IterationReport.Clip("ratio-norm", 1e-4, 2e-4),
                List.of(observed, plain),
                new IterationReport.Replay(2, .9, 1.1));

        assertThat(IterationReport.fromJson(JSON.readTree(
                                JSON.writeValueAsString(report(learning).toJson())))
                        .learning())
                .isEqualTo(learning);
    }

    @Test
    void aLineThatLacksScoresReadsBackToTheSame() {
        IterationReport.Scoring scoring = new IterationReport.Scoring(
                Map.of("pick", 7),
                Map.of("ocr", 1),
                Map.of(
                        "ocr", new IterationReport.SwapReport("shadowing", "new:7070", 4, 1, .9, -.01, .2),
                        "pick", new IterationReport.SwapReport("aborted", "b:7070 version 2", 0, 4, null, null, null)));
        IterationReport report =
                new IterationReport(1, 1, 2, Map.of(), Map.of(), Map.of(), scoring, Oversight.none(), null, Map.of());

        Map<String, Object> line = report.toJson();

        assertThat(line).containsEntry("missing.pick", 7).containsEntry("dropped_for.ocr", 1);
        assertThat(IterationReport.fromJson(JSON.readTree(JSON.writeValueAsString(line)))
                        .scoring())
                .isEqualTo(scoring);
    }

    @Test
    void aLineThatDoesNotTellItsMembersHasThemInItsHistogram() {
        assertThat(members("{\"counts\": [1, 0, 5, 2]}")).isEqualTo(8);
        assertThat(members("{}")).isZero();
    }

    private static long members(String density) {
        String line =
                "{\"iteration\": 1, \"groups\": 8, \"steps\": [{\"step\": 0, \"density\": %s}]}".formatted(density);
        IterationReport.Learning learning =
                IterationReport.fromJson(JSON.readTree(line)).learning();
        return Objects.requireNonNull(learning).steps().get(0).members();
    }

    private static IterationReport report(IterationReport.Learning learning) {
        return new IterationReport(1, 1, 2, Map.of(), Map.of(), Map.of(), Oversight.none(), learning, Map.of());
    }
}
