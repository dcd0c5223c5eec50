package dev.flowguard.learner.training;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.StepRatios;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** What an iteration shows to Prometheus, under {@code flowguard.learner.*}. */
final class LearnerMetrics {
    private final AtomicInteger iteration = new AtomicInteger();
    private final MultiGauge rewards;
    private final MultiGauge evaluations;
    private final MultiGauge ratioMeans;
    private final MultiGauge ratioSpreads;
    private final MultiGauge stoppedShares;
    private final MultiGauge gradientShares;
    private final MultiGauge clipUp;
    private final MultiGauge clipDown;
    private final MultiGauge alarms;
    private final MultiGauge diversity;
    private final Counter skippedUpdates;
    private final Counter raisedAlarms;

    LearnerMetrics(MeterRegistry registry) {
        registry.gauge("flowguard.learner.iteration", iteration);
        rewards = MultiGauge.builder("flowguard.learner.reward.mean").register(registry);
        evaluations = MultiGauge.builder("flowguard.learner.eval.mean").register(registry);
        ratioMeans = MultiGauge.builder("flowguard.learner.log.ratio.mean").register(registry);
        ratioSpreads = MultiGauge.builder("flowguard.learner.log.ratio.std").register(registry);
        stoppedShares = MultiGauge.builder("flowguard.learner.stopped.ratio").register(registry);
        gradientShares = MultiGauge.builder("flowguard.learner.gradient.share").register(registry);
        clipUp = MultiGauge.builder("flowguard.learner.clip.up.ratio").register(registry);
        clipDown = MultiGauge.builder("flowguard.learner.clip.down.ratio").register(registry);
        alarms = MultiGauge.builder("flowguard.learner.sentinel.alarm").register(registry);
        diversity = MultiGauge.builder("flowguard.learner.eval.diversity").register(registry);
        raisedAlarms = registry.counter("flowguard.learner.sentinel.alarms");
        skippedUpdates = registry.counter("flowguard.learner.updates.skipped");
    }

    void skippedUpdate() {
        skippedUpdates.increment();
    }

    void show(IterationReport report) {
        iteration.set(report.iteration());
        rewards.register(
                report.rewards().entrySet().stream()
                        .map(entry -> Row.of(
                                Tags.of("reward", entry.getKey()),
                                entry.getValue().mean()))
                        .toList(),
                true);
        if (!report.eval().isEmpty()) {
            evaluations.register(
                    report.eval().entrySet().stream()
                            .map(LearnerMetrics::byReward)
                            .toList(),
                    true);
        }
        show(report.oversight());
        IterationReport.Learning learning = report.learning();
        if (learning != null) {
            show(ratioMeans, learning, StepRatios::logRatioMean);
            show(ratioSpreads, learning, StepRatios::logRatioStd);
            show(clipUp, learning, StepRatios::clipUp);
            show(clipDown, learning, StepRatios::clipDown);
            stoppedShares.register(
                    learning.steps().stream().flatMap(LearnerMetrics::stopped).toList(), true);
            gradientShares.register(
                    learning.steps().stream()
                            .filter(step -> step.observed() != null)
                            .map(step -> Row.of(
                                    byStep(step),
                                    Objects.requireNonNull(step.observed()).gradientShare()))
                            .toList(),
                    true);
        }
    }

    private void show(IterationReport.Oversight oversight) {
        if (!oversight.watches().isEmpty()) {
            alarms.register(
                    oversight.watches().keySet().stream()
                            .map(name -> Row.of(
                                    Tags.of("reward", name), oversight.alarms().contains(name) ? 1 : 0))
                            .toList(),
                    true);
        }
        Double measured = oversight.diversity();
        if (measured != null) {
            diversity.register(List.of(Row.of(Tags.empty(), measured)), true);
        }
        if (oversight.action() != null) {
            raisedAlarms.increment();
        }
    }

    private static void show(MultiGauge gauge, IterationReport.Learning learning, ToDoubleFunction<StepRatios> value) {
        gauge.register(
                learning.steps().stream()
                        .map(step -> Row.of(byStep(step), value.applyAsDouble(step)))
                        .toList(),
                true);
    }

    /** Of the members that gain, the share above the trust region; of those that lose, the share below. */
    private static Stream<Row<?>> stopped(StepRatios step) {
        StepRatios.Observed observed = step.observed();
        return observed == null
                ? Stream.of()
                : Stream.of(
                                stopped(
                                        step,
                                        "positive",
                                        observed.gaining(),
                                        observed.gaining().above()),
                                stopped(
                                        step,
                                        "negative",
                                        observed.losing(),
                                        observed.losing().below()))
                        .flatMap(Optional::stream);
    }

    private static Optional<Row<?>> stopped(StepRatios step, String advantage, StepRatios.SignClip sign, long members) {
        return sign.members() == 0
                ? Optional.empty()
                : Optional.of(Row.of(byStep(step).and("advantage", advantage), members / (double) sign.members()));
    }

    private static Row<?> byReward(Map.Entry<String, Double> entry) {
        return Row.of(Tags.of("reward", entry.getKey()), entry.getValue());
    }

    private static Tags byStep(StepRatios step) {
        return Tags.of("step", Integer.toString(step.step()));
    }
}
