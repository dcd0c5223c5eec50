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
import java.util.concurrent.atomic.AtomicInteger;

/** What an iteration shows to Prometheus, under {@code flowguard.learner.*}. */
final class LearnerMetrics {
    private final AtomicInteger iteration = new AtomicInteger();
    private final MultiGauge rewards;
    private final MultiGauge evaluations;
    private final MultiGauge ratioMeans;
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
            ratioMeans.register(
                    learning.steps().stream()
                            .map(step -> Row.of(byStep(step), step.logRatioMean()))
                            .toList(),
                    true);
            clipUp.register(
                    learning.steps().stream()
                            .map(step -> Row.of(byStep(step), step.clipUp()))
                            .toList(),
                    true);
            clipDown.register(
                    learning.steps().stream()
                            .map(step -> Row.of(byStep(step), step.clipDown()))
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

    private static Row<?> byReward(Map.Entry<String, Double> entry) {
        return Row.of(Tags.of("reward", entry.getKey()), entry.getValue());
    }

    private static Tags byStep(StepRatios step) {
        return Tags.of("step", Integer.toString(step.step()));
    }
}
