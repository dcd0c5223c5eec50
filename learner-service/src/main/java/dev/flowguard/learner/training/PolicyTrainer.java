package dev.flowguard.learner.training;

import dev.flowguard.grpo.KlToReference;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.RowSelection;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.StepBatch;
import dev.flowguard.grpo.StepDiagnostics;
import dev.flowguard.grpo.StepLoss;
import dev.flowguard.grpo.Transition;
import dev.flowguard.grpo.UnitRatioCanary;
import dev.flowguard.grpo.VelocityField;
import dev.flowguard.tensor.AdamW;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.GradientClip;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Turns micro-batches into updates of the policy. Owns the optimizer's state and the adapter's average.
 *
 * <p>Used by one thread.
 */
final class PolicyTrainer implements AutoCloseable {
    /**
     * How long a run is.
     *
     * @param iterations of the run
     * @param updates of its weights, where none is skipped
     */
    record Length(long iterations, long updates) {}

    private final Policy policy;
    private final Preset preset;
    private final SigmaSchedule schedule;
    private final Length length;
    private final int microBatchSize;
    private final Compute compute;
    private final List<Tensor> parameters;
    private final AdamW optimizer;
    private final AdapterAverage average;
    private final UnitRatioCanary canary = UnitRatioCanary.standard();
    private double klFactor = 1;
    private long updates;

    /**
     * @param schedule of the training trajectories
     * @param length of the run, over which learning rate and KL weight change
     * @param microBatchSize most latents of a group in one forward and backward pass, as in sampling
     */
    PolicyTrainer(
            Policy policy, Preset preset, SigmaSchedule schedule, Length length, int microBatchSize, Compute compute) {
        this.policy = policy;
        this.preset = preset;
        this.schedule = schedule;
        this.length = length;
        this.microBatchSize = microBatchSize;
        this.compute = compute;
        this.parameters = List.copyOf(policy.parameters().values());
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
    void update(OptimizerStep step, long policyVersion, LearningStatistics statistics) throws NonFiniteException {
        KlToReference kl = preset.klToReference()
                .times(klFactor * preset.klAnnealing().shareAt(policyVersion, length.iterations()));
        optimizer.zeroGradients();
        double loss = 0;
        for (MicroBatch batch : step.microBatches(microBatchSize)) {
            boolean onPolicy = step.first() && batch.of().group().policyVersion() == policyVersion;
            loss += backward(batch, new Share(step.tuples(), onPolicy, kl), statistics);
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

    /**
     * What a micro-batch is part of.
     *
     * @param tuples of the whole update
     * @param onPolicy whether its ratios must be 1
     * @param kl the penalty of this iteration
     */
    private record Share(long tuples, boolean onPolicy, KlToReference kl) {}

    /** Adds a micro-batch's part of the mean loss to the gradients and returns it. */
    private double backward(MicroBatch batch, Share share, LearningStatistics statistics) throws NonFiniteException {
        double loss;
        try {
            loss = compute.training(() -> lossWithGradient(batch, share, statistics));
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

    private double lossWithGradient(MicroBatch batch, Share share, LearningStatistics statistics) {
        Transition transition = preset.kernel().at(schedule, batch.step());
        double weight = preset.stepWeight().of(preset.kernel(), schedule, batch.step());
        StepBatch sampled = batch.sampled(transition, weight, compute.device());
        Tensor latents = batch.latents(compute.device());
        VelocityField velocity = policy.given(batch.prompt(), batch.rows().size());
        RowSelection from = batch.from();
        Tensor mean = from.of(transition.mean(latents, velocity.velocity(latents, transition.sigma())));
        StepLoss stepLoss = preset.objective().loss(sampled, mean);
        if (share.onPolicy()) {
            canary.requireUnitRatio(sampled, mean, stepLoss.diagnostics());
        }
        if (share.kl().enabled()) {
            stepLoss = share.kl().addTo(stepLoss, mean, from.of(referenceMean(transition, latents, velocity)));
        }
        statistics.add(stepLoss.diagnostics(), share.onPolicy());
        Tensor part = stepLoss.averagedOver(share.tuples());
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

    /**
     * A micro-batch under the weights as they are.
     *
     * @param means of the policy, one a row of the batch
     * @param seen what the objective makes of them against the means that were sampled with
     */
    record Anchor(MicroBatch batch, List<float[]> means, StepDiagnostics seen) {
        Anchor {
            means = List.copyOf(means);
        }
    }

    /**
     * A group under the weights as they are, in the micro-batches in which it is trained.
     *
     * @throws NonFiniteException if the policy is too far from the one that sampled
     */
    List<Anchor> anchors(TrainableGroup group) throws NonFiniteException {
        List<Anchor> anchors = new ArrayList<>();
        for (MicroBatch batch : group.microBatches(microBatchSize)) {
            try {
                anchors.add(compute.inference(() -> anchor(batch)));
            } catch (ArithmeticException e) {
                throw new NonFiniteException(e.getMessage(), e);
            }
        }
        return anchors;
    }

    private Anchor anchor(MicroBatch batch) {
        Transition transition = preset.kernel().at(schedule, batch.step());
        VelocityField velocity = policy.given(batch.prompt(), batch.rows().size());
        Tensor latents = batch.latents(compute.device());
        Tensor mean = transition.mean(latents, velocity.velocity(latents, transition.sigma()));
        StepLoss loss = preset.objective()
                .loss(
                        batch.sampled(transition, 1, compute.device()),
                        batch.from().of(mean));
        return new Anchor(batch, TensorRows.of(mean), loss.diagnostics());
    }

    /** From the next update on, the weight of the KL is the preset's times this factor. */
    void scaleKl(double factor) {
        klFactor = factor;
    }

    /** The learning rate of the next update. */
    double learningRate() {
        return preset.optimizer().learningRate()
                * preset.learningRateAnnealing().shareAt(updates, length.updates());
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
