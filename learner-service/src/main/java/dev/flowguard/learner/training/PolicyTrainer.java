package dev.flowguard.learner.training;

import dev.flowguard.grpo.KlToReference;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.StepBatch;
import dev.flowguard.grpo.StepLoss;
import dev.flowguard.grpo.Transition;
import dev.flowguard.grpo.UnitRatioCanary;
import dev.flowguard.grpo.VelocityField;
import dev.flowguard.tensor.AdamW;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.GradientClip;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Turns micro-batches into updates of the policy. Owns the optimizer's state and the adapter's average.
 *
 * <p>Used by one thread.
 */
final class PolicyTrainer implements AutoCloseable {
    private final Policy policy;
    private final Preset preset;
    private final SigmaSchedule schedule;
    private final int warmupSteps;
    private final int microBatchSize;
    private final Compute compute;
    private final List<Tensor> parameters;
    private final AdamW optimizer;
    private final AdapterAverage average;
    private final UnitRatioCanary canary = UnitRatioCanary.standard();
    private KlToReference klToReference;
    private long updates;

    /**
     * @param schedule of the training trajectories
     * @param warmupSteps updates over which the learning rate rises linearly
     * @param microBatchSize most members of a group in one forward and backward pass, as in sampling
     */
    PolicyTrainer(
            Policy policy,
            Preset preset,
            SigmaSchedule schedule,
            int warmupSteps,
            int microBatchSize,
            Compute compute) {
        this.policy = policy;
        this.preset = preset;
        this.schedule = schedule;
        this.warmupSteps = warmupSteps;
        this.microBatchSize = microBatchSize;
        this.compute = compute;
        this.parameters = List.copyOf(policy.parameters().values());
        this.klToReference = preset.klToReference();
        this.optimizer = new AdamW(parameters, preset.optimizer());
        this.average = compute.inference(() -> new AdapterAverage(preset.ema(), policy.parameters()));
    }

    /**
     * One update of the weights: the mean loss over the groups' (member, step) tuples, its gradient clipped at the global
     * norm, AdamW, and the average following.
     *
     * @param policyVersion the version that the weights had when the iteration began: before the iteration's first update,
     *     whatever was sampled with it must come back with a ratio of 1
     * @throws NonFiniteException if a loss or the gradient is not finite; the weights are then as they were
     * @throws dev.flowguard.grpo.UnitRatioException if the policy does not give back what was sampled with its weights
     */
    void update(OptimizerStep step, long policyVersion, RatioStatistics statistics) throws NonFiniteException {
        optimizer.zeroGradients();
        double loss = 0;
        for (MicroBatch batch : step.microBatches(microBatchSize)) {
            boolean onPolicy = step.first() && batch.of().group().policyVersion() == policyVersion;
            loss += backward(batch, step.tuples(), onPolicy, statistics);
        }
        double norm = compute.training(() -> GradientClip.globalNorm(parameters, preset.maxGradientNorm()));
        if (!Double.isFinite(norm)) {
            throw new NonFiniteException("the gradient's norm is " + norm, null);
        }
        compute.training(() -> {
            optimizer.setLearningRate(learningRate());
            optimizer.step();
            average.follow(policy.parameters(), updates);
            return norm;
        });
        updates++;
        statistics.addUpdate(loss, norm);
    }

    /** Adds a micro-batch's part of the mean loss to the gradients and returns it. */
    private double backward(MicroBatch batch, long tuples, boolean onPolicy, RatioStatistics statistics)
            throws NonFiniteException {
        double loss;
        try {
            loss = compute.training(() -> lossWithGradient(batch, tuples, onPolicy, statistics));
        } catch (ArithmeticException e) {
            throw new NonFiniteException(e.getMessage(), e);
        }
        if (!Double.isFinite(loss)) {
            throw new NonFiniteException(
                    "the loss of group " + batch.of().group().spec().groupId() + " at step " + batch.step() + " is "
                            + loss,
                    null);
        }
        return loss;
    }

    private double lossWithGradient(MicroBatch batch, long tuples, boolean onPolicy, RatioStatistics statistics) {
        Transition transition = preset.kernel().at(schedule, batch.step());
        double weight = preset.stepWeight().of(preset.kernel(), schedule, batch.step());
        StepBatch sampled = batch.sampled(transition, weight, compute.device());
        Tensor latents = batch.latents(compute.device());
        VelocityField velocity = policy.given(batch.prompt(), batch.members());
        Tensor mean = transition.mean(latents, velocity.velocity(latents, transition.sigma()));
        StepLoss stepLoss = preset.objective().loss(sampled, mean);
        if (onPolicy) {
            canary.requireUnitRatio(sampled, mean, stepLoss.diagnostics());
        }
        if (klToReference.enabled()) {
            stepLoss = klToReference.addTo(stepLoss, mean, referenceMean(transition, latents, velocity));
        }
        statistics.add(stepLoss.diagnostics(), onPolicy);
        Tensor part = stepLoss.averagedOver(tuples);
        double value = part.itemDouble();
        if (Double.isFinite(value)) {
            part.backward();
        }
        return value;
    }

    private Tensor referenceMean(Transition transition, Tensor latents, VelocityField velocity) {
        return compute.inference(() -> policy.asReference(() -> transition
                .mean(latents, velocity.velocity(latents, transition.sigma()))
                .keep()));
    }

    /** From the next update on, the weight of the KL is the preset's times this factor. */
    void scaleKl(double factor) {
        klToReference = new KlToReference(
                preset.klToReference().weight() * factor, preset.klToReference().form());
    }

    /** The learning rate of the next update. */
    double learningRate() {
        double target = preset.optimizer().learningRate();
        return updates >= warmupSteps ? target : target * (updates + 1) / warmupSteps;
    }

    /** Updates of the run so far. */
    long updates() {
        return updates;
    }

    Map<String, Tensor> averageTensors() {
        return average.tensors();
    }

    /** The optimizer's state, in the current scope. */
    Map<String, Tensor> optimizerState() {
        return optimizer.state();
    }

    /** Continues where a checkpoint left off; inside {@link Compute}. */
    void restore(
            Map<String, Tensor> adapter,
            Map<String, Tensor> averageOfAdapter,
            Map<String, Tensor> optimizerState,
            long updatesBefore) {
        policy.parameters()
                .forEach((name, parameter) -> parameter.assign(Objects.requireNonNull(adapter.get(name), name)));
        average.restore(averageOfAdapter);
        optimizer.restore(optimizerState);
        updates = updatesBefore;
    }

    @Override
    public void close() {
        optimizer.close();
        average.close();
    }
}
