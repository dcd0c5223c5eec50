package dev.flowguard.learner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.output.IterationReport;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunLogTest {

    @Test
    void namesScoresAndEverythingThatWasLeftOut() {
        IterationReport report = new IterationReport(
                7,
                8,
                12.5,
                Map.of("ocr", new IterationReport.Spread(.5, .1, 0, 1)),
                Map.of("ocr", .625),
                Map.of("aesthetic", 3),
                IterationReport.Oversight.none(),
                new IterationReport.Learning(8, 2, 8, 2, 1, 1, 1, 0.0, .1, .2, null, 1e-3, null, List.of(), null),
                Map.of());

        assertThat(RunLog.describe(report))
                .isEqualTo("iteration 7: policy version 8, reward ocr 0.500, held out ocr 0.625, held out aesthetic"
                        + " incomplete: 3 scores missing, 2 groups without variance skipped, 1 groups dropped,"
                        + " 1 updates skipped");
    }
}
