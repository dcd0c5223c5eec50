package dev.flowguard.learner.training;

import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.Coordinator;
import dev.flowguard.learner.coordination.Score;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.StopRequestedException;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.IterationReport.Oversight;
import dev.flowguard.learner.output.IterationReport.Scoring;
import dev.flowguard.learner.output.IterationReport.Spread;
import dev.flowguard.learner.output.JsonLinesFile;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.tensor.Compute;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything around an update that a run owes to people and to its own continuation. Used by the loop's thread. */
final class RunKeeper {
    private static final Logger log = LoggerFactory.getLogger(RunKeeper.class);

    private final Recipe recipe;
    private final int heldOutPrompts;
    private final RunState run;
    private final PolicyTrainer trainer;
    private final Compute compute;
    private final Coordinator coordinator;
    private final PolicyPublisher publisher;
    private final Checkpoints checkpoints;
    private final Overseer overseer;
    private final RewardSwaps swaps;
    private final RunDirectory directory;
    private final JsonLinesFile metrics;
    private final RatioReport ratios;
    private final LearnerMetrics meters;
    private final PhaseClock clock;
    private final RunListener listener;
    private @Nullable Integer rollbackTo;
    private @Nullable Integer rolledBackTo;

    /** @param metrics {@code metrics.jsonl}, open at the line to come */
    RunKeeper(
            Recipe recipe,
            int heldOutPrompts,
            RunState run,
            Compute compute,
            Coordinator coordinator,
            Checkpoints checkpoints,
            RunDirectory directory,
            JsonLinesFile metrics,
            RatioReport ratios,
            LearnerMetrics meters,
            PhaseClock clock,
            RunListener listener) {
        this.recipe = recipe;
        this.heldOutPrompts = heldOutPrompts;
        this.run = run;
        this.trainer = run.trainer();
        this.compute = compute;
        this.coordinator = coordinator;
        this.publisher = new PolicyPublisher(run.policy(), coordinator, compute);
        this.checkpoints = checkpoints;
        this.overseer = run.overseer();
        this.swaps = run.swaps();
        this.directory = directory;
        this.metrics = metrics;
        this.ratios = ratios;
        this.meters = meters;
        this.clock = clock;
        this.listener = listener;
    }

    /** The line of the untrained policy. */
    static IterationReport untrained() {
        return new IterationReport(0, 0, 0, Map.of(), Map.of(), Map.of(), Oversight.none(), null, Map.of());
    }

    /** The groups of an iteration are there, and none is under way: the moment to exchange a reward's endpoint. */
    void arrived(Batch batch) {
        clock.bookWait(batch.groups());
        batch.dropped().forEach(dropped -> log.error("the iteration goes on without {}", dropped));
        swaps.observe(batch);
        if (!swaps.settle().isEmpty()) {
            overseer.measureAnew();
        }
        coordinator.scoreBy(swaps.endpoints());
    }

    /** An optimizer step was not taken. */
    void skipped(int iteration, NonFiniteException why) {
        meters.skippedUpdate();
        log.error("an update of iteration {} is skipped: {}", iteration + 1, why.getMessage());
    }

    /** The iteration's line, before its evaluation. */
    IterationReport report(
            int iterationsDone, Batch batch, List<TrainableGroup> groups, LearningStatistics seen, int skipped) {
        clock.book("learn");
        List<MemberAdvantages> worth =
                groups.stream().map(TrainableGroup::advantages).toList();
        List<Double> advantages =
                worth.stream().flatMap(group -> group.trained().stream()).toList();
        return new IterationReport(
                iterationsDone,
                iterationsDone,
                clock.elapsed(),
                rewards(batch.groups()),
                Map.of(),
                Map.of(),
                new Scoring(missing(batch), droppedFor(batch), swaps.news()),
                new Oversight(null, Map.of(), List.of(), null, rolledBackTo),
                new IterationReport.Learning(
                        batch.groups().size(),
                        (int) worth.stream()
                                .filter(MemberAdvantages::teachNothing)
                                .count(),
                        worth.stream().mapToInt(MemberAdvantages::comparisons).sum(),
                        worth.stream().mapToInt(MemberAdvantages::tied).sum(),
                        batch.dropped().size(),
                        skipped,
                        advantages.isEmpty() ? 0 : spread(advantages).std(),
                        seen.canary(),
                        seen.loss(),
                        seen.gradientNorm(),
                        seen.klToReference(),
                        trainer.learningRate(),
                        ratios.clipInUse(),
                        ratios.steps(seen.ratios().summaries()),
                        seen.replay()),
                clock.take());
    }

    private static Map<String, Integer> missing(Batch batch) {
        Map<String, Integer> missing = new TreeMap<>();
        batch.groups().stream()
                .flatMap(group -> group.missing().stream())
                .filter(scores -> !scores.shadow())
                .forEach(scores -> missing.merge(scores.reward(), scores.members(), Integer::sum));
        return missing;
    }

    private static Map<String, Integer> droppedFor(Batch batch) {
        Map<String, Integer> dropped = new TreeMap<>();
        batch.dropped().stream()
                .filter(group -> !group.reward().isEmpty())
                .forEach(group -> dropped.merge(group.reward(), 1, Integer::sum));
        return dropped;
    }

    private Map<String, Spread> rewards(List<ScoredGroup> groups) {
        Map<String, Spread> rewards = new LinkedHashMap<>();
        for (Recipe.Reward reward : recipe.rewards()) {
            List<Double> scores = groups.stream()
                    .flatMap(group -> group.members().stream())
                    .map(member -> member.scores().get(reward.name()))
                    .filter(Objects::nonNull)
                    .map(Score::value)
                    .toList();
            if (!scores.isEmpty()) {
                rewards.put(reward.name(), spread(scores));
            }
        }
        return rewards;
    }

    private static Spread spread(List<Double> values) {
        double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        double variance = values.stream()
                .mapToDouble(value -> (value - mean) * (value - mean))
                .average()
                .orElseThrow();
        return new Spread(
                mean,
                Math.sqrt(variance),
                values.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
                values.stream().mapToDouble(Double::doubleValue).max().orElseThrow());
    }

    /** Saves what the run goes on from. */
    void checkpoint(IterationReport report) {
        checkpoints.save(report, run);
        clock.book("publish");
    }

    /**
     * Where the sentinel wants the policy of an earlier iteration back, this iteration brings it instead of an update: its
     * groups come from the policy that is left, and teach nothing.
     *
     * @return whether it did
     */
    boolean rollBack() {
        rolledBackTo = rollbackTo;
        rollbackTo = null;
        if (rolledBackTo == null) {
            return false;
        }
        checkpoints.rollBack(rolledBackTo, run);
        log.warn("the policy is that of iteration {} again", rolledBackTo);
        return true;
    }

    /** Before the first iteration: the untrained policy may be what the run is rolled back to. */
    void begin(IterationReport start) {
        coordinator.scoreBy(swaps.endpoints());
        if (start.iteration() == 0 && recipe.sentinel().action().equals(Recipe.Sentinel.ROLLBACK)) {
            checkpoint(start);
        }
    }

    /**
     * Publishes the policy, evaluates it where that is due, and writes the iteration's line.
     *
     * <p>INVARIANT: an iteration that made a policy has a line. One that is stopped within its evaluation has a line without it,
     * which the resumed run replaces.
     */
    void conclude(IterationReport report) throws InterruptedException {
        publisher.publish(report.policyVersion());
        clock.book("publish");
        if (!due(report.iteration())) {
            conclude(report, Evaluation.none());
            return;
        }
        Evaluation evaluation;
        try {
            evaluation = evaluate(report.iteration());
        } catch (StopRequestedException e) {
            if (report.iteration() > 0) {
                conclude(report, Evaluation.none());
            }
            throw e;
        }
        conclude(report, evaluation);
    }

    private void conclude(IterationReport report, Evaluation evaluation) {
        Overseer.Decision decision = overseer.observe(report.iteration(), evaluation);
        Map<String, Double> seconds = new LinkedHashMap<>(report.seconds());
        clock.take().forEach((phase, value) -> seconds.merge(phase, value, Double::sum));
        IterationReport whole = new IterationReport(
                report.iteration(),
                report.policyVersion(),
                clock.elapsed(),
                report.rewards(),
                evaluation.means(),
                evaluation.missing(),
                report.scoring(),
                overseer.describe(evaluation, decision, report.oversight().rolledBackTo()),
                report.learning(),
                seconds);
        metrics.append(whole.toJson());
        meters.show(whole);
        listener.iterationFinished(whole);
        act(decision);
    }

    private void act(Overseer.Decision decision) {
        if (decision.action() == Overseer.Action.NONE) {
            return;
        }
        String what = "over-optimisation: " + String.join(", ", decision.alarms())
                + " falls while the proxy rises; best at iteration " + decision.best();
        log.warn("{}; action: {}", what, decision.action().key());
        switch (decision.action()) {
            case RAISE_KL -> trainer.scaleKl(overseer.memory().klFactor());
            case ROLLBACK -> rollbackTo = decision.best();
            case STOP -> throw new OverOptimisedException(what);
            default -> {}
        }
    }

    private boolean due(int iteration) {
        return iteration % recipe.evaluation().every() == 0 || iteration == recipe.iterations();
    }

    private Evaluation evaluate(int iteration) throws InterruptedException {
        Batch batch = coordinator.evaluate(iteration);
        swaps.observe(batch);
        Evaluation.Terms terms = new Evaluation.Terms(
                heldOutPrompts,
                recipe.evaluation().imagesPerPrompt(),
                recipe.evaluation().keptImages());
        List<String> rewards =
                recipe.rewards().stream().map(Recipe.Reward::name).toList();
        Evaluation evaluation = compute.inference(() -> Evaluation.of(batch, terms, rewards));
        batch.dropped().forEach(dropped -> log.error("the evaluation lacks {}", dropped));
        evaluation
                .missing()
                .forEach((reward, missing) ->
                        log.error("the evaluation of '{}' is incomplete: {} scores are missing", reward, missing));
        if (iteration == 0) {
            directory.writeSamplesBefore(evaluation.samples());
        } else {
            directory.writeSamplesAfter(evaluation.samples());
        }
        clock.book("evaluate");
        return evaluation;
    }
}
