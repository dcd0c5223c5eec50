package dev.flowguard.cli.report;

import dev.flowguard.learner.output.IterationReport;
import java.util.ArrayList;
import java.util.List;

/** Puts the continuations of a run behind each other: every continuation counts its seconds from zero. */
final class Timeline {

    private Timeline() {}

    /** The same lines with {@code elapsed} rising throughout; what lies between two continuations does not count. */
    static List<IterationReport> of(List<IterationReport> lines) {
        List<IterationReport> risen = new ArrayList<>();
        double before = 0;
        double last = 0;
        for (IterationReport line : lines) {
            if (line.elapsed() < last) {
                before += last;
            }
            last = line.elapsed();
            risen.add(new IterationReport(
                    line.iteration(),
                    line.policyVersion(),
                    before + line.elapsed(),
                    line.rewards(),
                    line.eval(),
                    line.incompleteEval(),
                    line.scoring(),
                    line.oversight(),
                    line.learning(),
                    line.seconds()));
        }
        return List.copyOf(risen);
    }
}
