package dev.flowguard.learner.training;

import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.Coordinator;
import dev.flowguard.learner.output.IterationReport;
import java.util.List;

/**
 * The training loop of group-relative policy optimisation, and nothing else.
 *
 * <p>Iteration i is sampled with policy version i and makes version i + 1. A checkpoint is the point of no return: whatever
 * dies before it is done again with the same seeds, whatever comes after it is done again by {@link #run} of the run that
 * resumes. Runs on one thread.
 */
final class TrainingLoop {
    private final int iterations;
    private final int stepsPerIteration;
    private final int innerEpochs;
    private final Coordinator coordinator;
    private final AdvantageDesk advantages;
    private final Replay replay;
    private final PolicyTrainer trainer;
    private final RunKeeper keeper;

    TrainingLoop(
            int iterations,
            int stepsPerIteration,
            int innerEpochs,
            Coordinator coordinator,
            AdvantageDesk advantages,
            Replay replay,
            PolicyTrainer trainer,
            RunKeeper keeper) {
        this.iterations = iterations;
        this.stepsPerIteration = stepsPerIteration;
        this.innerEpochs = innerEpochs;
        this.coordinator = coordinator;
        this.advantages = advantages;
        this.replay = replay;
        this.trainer = trainer;
        this.keeper = keeper;
    }

    /**
     * Trains to the last iteration.
     *
     * @param start what is done already: line 0 of a new run, or the last checkpoint's
     */
    void run(IterationReport start) throws InterruptedException {
        keeper.begin(start);
        keeper.conclude(start); // publish, evaluate where due, report
        for (int iteration = start.iteration(); iteration < iterations; iteration++) {
            Batch batch = coordinator.awaitIteration(iteration); // whole groups, fresh enough, each exactly once
            keeper.arrived(batch);
            List<TrainableGroup> groups = advantages.estimate(batch); // those that teach nothing are counted
            LearningStatistics seen = new LearningStatistics();
            List<TrainableGroup> again = replay.groups(iteration, seen); // none, unless the recipe experiments
            int skipped = 0;
            for (OptimizerStep step : keeper.rollBack()
                    ? List.<OptimizerStep>of()
                    : OptimizerStep.ofIteration(groups, again, stepsPerIteration, innerEpochs)) {
                try {
                    trainer.update(step, iteration, seen); // canary, ratio, trust region, KL, clip, AdamW, EMA
                } catch (NonFiniteException e) {
                    skipped++;
                    keeper.skipped(iteration, e);
                }
            }
            replay.keep(iteration, groups);
            IterationReport report = keeper.report(iteration + 1, batch, groups, seen, skipped);
            keeper.checkpoint(report);
            keeper.conclude(report);
        }
    }
}
