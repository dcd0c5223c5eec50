package dev.flowguard.learner.training;

import dev.flowguard.learner.output.IterationReport;

/** Watches a run, to show it to people. Called on the run's own thread: be brief. */
public interface RunListener {

    /**
     * The run is ready to train.
     *
     * @param plan what was found out about it
     */
    default void runStarted(RunPlan plan) {}

    /** An iteration is over, or the evaluation before the first (iteration 0). The line is written already. */
    default void iterationFinished(IterationReport report) {}

    /** The run is over; the output folder is complete. */
    default void runEnded(RunOutcome outcome) {}
}
