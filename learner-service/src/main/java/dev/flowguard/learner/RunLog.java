package dev.flowguard.learner;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.training.RunListener;
import dev.flowguard.learner.training.RunOutcome;
import java.util.Locale;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the course of a run into the log, for whoever has nothing else to look at: one line an iteration. */
final class RunLog implements RunListener {

    private static final Logger log = LoggerFactory.getLogger(RunLog.class);

    @Override
    public void iterationFinished(IterationReport report) {
        log.info("{}", describe(report));
    }

    @Override
    public void runEnded(RunOutcome outcome) {
        log.info("the run is over ({})", outcome.status().name().toLowerCase(Locale.ROOT));
    }

    static String describe(IterationReport report) {
        StringJoiner line = new StringJoiner(", ", "iteration " + report.iteration() + ": ", "");
        line.add("policy version " + report.policyVersion());
        report.rewards().forEach((name, spread) -> line.add(score("reward", name, spread.mean())));
        report.eval().forEach((name, mean) -> line.add(score("held out", name, mean)));
        Double diversity = report.oversight().diversity();
        if (diversity != null) {
            line.add(String.format(Locale.ROOT, "diversity %.3f", diversity));
        }
        Integer rolledBackTo = report.oversight().rolledBackTo();
        if (rolledBackTo != null) {
            line.add("rolled back to iteration " + rolledBackTo);
        }
        report.incompleteEval()
                .forEach((name, missing) ->
                        line.add("held out " + name + " incomplete: " + missing + " scores missing"));
        IterationReport.Learning learning = report.learning();
        if (learning != null) {
            if (learning.zeroVarianceGroups() > 0) {
                line.add(learning.zeroVarianceGroups() + " groups without variance skipped");
            }
            if (learning.droppedGroups() > 0) {
                line.add(learning.droppedGroups() + " groups dropped");
            }
            if (learning.skippedUpdates() > 0) {
                line.add(learning.skippedUpdates() + " updates skipped");
            }
        }
        return line.toString();
    }

    private static String score(String what, String name, double value) {
        return String.format(Locale.ROOT, "%s %s %.3f", what, name, value);
    }
}
