package dev.flowguard.learner.training;

import com.google.protobuf.ByteString;
import dev.flowguard.grpo.GroupKey;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.learner.coordination.Coordinator;
import dev.flowguard.learner.coordination.CoordinatorService;
import dev.flowguard.learner.coordination.GroupPlan;
import dev.flowguard.learner.coordination.Ledger;
import dev.flowguard.learner.coordination.RunAbortedException;
import dev.flowguard.learner.coordination.StopRequestedException;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.JsonLinesFile;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.prompts.PromptSets;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeChange;
import dev.flowguard.learner.recipe.RecipeLoader;
import dev.flowguard.learner.recipe.RecipePreset;
import dev.flowguard.learner.recipe.RewardWatch;
import dev.flowguard.models.AdapterFiles;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process's share of a run, from its recipe to its output folder: what {@link TrainingLoop} is put together from.
 *
 * <p>{@link #run} belongs to one thread; {@link #requestStop} and {@link #tick} may come from any.
 */
public final class TrainingSession {
    private static final Logger log = LoggerFactory.getLogger(TrainingSession.class);

    private final Recipe recipe;
    private final RewardWatch rewardWatch;
    private final PromptSets prompts;
    private final RunDirectory directory;
    private final Settings settings;
    private final CoordinatorService service;
    private final MeterRegistry registry;
    private final PolicyLoader policies;
    private final LongSupplier nanoClock = System::nanoTime;
    private final AtomicReference<@Nullable Coordinator> coordinator = new AtomicReference<>();
    private volatile boolean stopRequested;
    private volatile int iterationsDone;

    /**
     * What is not the run's but the process's.
     *
     * @param resume whether to go on from the last checkpoint
     * @param workersPipeline the pipeline directory as workers see it; null where it is the recipe's
     * @param keptCheckpoints how many checkpoints are kept
     * @param limits of the coordinator
     */
    public record Settings(
            boolean resume, @Nullable String workersPipeline, int keptCheckpoints, Coordinator.Limits limits) {}

    private TrainingSession(
            Recipe recipe,
            RewardWatch rewardWatch,
            PromptSets prompts,
            RunDirectory directory,
            Settings settings,
            CoordinatorService service,
            MeterRegistry registry,
            PolicyLoader policies) {
        this.recipe = recipe;
        this.rewardWatch = rewardWatch;
        this.prompts = prompts;
        this.directory = directory;
        this.settings = settings;
        this.service = service;
        this.registry = registry;
        this.policies = policies;
    }

    /**
     * Reads the recipe and its prompts and looks at the output folder; writes nothing yet.
     *
     * @throws InputException if any of them is not as it must be; nothing was trained then
     */
    public static TrainingSession open(
            Path recipeFile,
            Overrides overrides,
            Settings settings,
            CoordinatorService service,
            MeterRegistry registry) {
        return open(recipeFile, overrides, settings, service, registry, PipelinePolicy::load);
    }

    static TrainingSession open(
            Path recipeFile,
            Overrides overrides,
            Settings settings,
            CoordinatorService service,
            MeterRegistry registry,
            PolicyLoader policies) {
        Recipe recipe = RecipeLoader.load(recipeFile, overrides);
        PromptSets prompts = PromptSets.open(
                Path.of(recipe.prompts().train()), Path.of(recipe.prompts().heldOut()));
        RunDirectory directory = new RunDirectory(recipe.outputPath());
        if (directory.occupied()) {
            if (!settings.resume()) {
                throw new InputException(directory.root()
                        + ": holds a run already; go on with --resume, or choose another folder with --output-dir");
            }
            RecipeChange.requireCompatible(RecipeLoader.load(directory.recipe(), Overrides.none()), recipe, recipeFile);
            prompts.requireThoseOf(directory.promptDigests());
        }
        return new TrainingSession(
                recipe,
                new RewardWatch(recipeFile, overrides),
                prompts,
                directory,
                settings,
                service,
                registry,
                policies);
    }

    /** The recipe, complete. */
    public Recipe recipe() {
        return recipe;
    }

    /** How many iterations are done in all. */
    public int iterationsDone() {
        return iterationsDone;
    }

    /**
     * Trains until the run is done or cannot go on, and leaves a complete output folder. Never throws: what went wrong is in
     * the outcome.
     */
    public RunOutcome run(RunListener listener) {
        RunOutcome outcome;
        try {
            outcome = train(listener);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            outcome = outcome(RunOutcome.Status.STOPPED, "stopped after " + iterationsDone + " iterations", null);
        } catch (RuntimeException | IOException e) {
            log.debug("the run failed", e);
            outcome = outcome(RunOutcome.Status.FAILED, String.valueOf(e.getMessage()), e);
        }
        listener.runEnded(outcome);
        return outcome;
    }

    private RunOutcome train(RunListener listener) throws InterruptedException, IOException {
        Preset preset = RecipePreset.of(recipe);
        Compute compute = Compute.on(Device.parse(recipe.model().device()));
        try (Policy policy = policies.load(recipe);
                PolicyTrainer trainer = new PolicyTrainer(
                        policy,
                        preset,
                        policy.schedule(preset.trainingSteps()),
                        new PolicyTrainer.Length(
                                recipe.iterations(),
                                (long) recipe.iterations() * recipe.optimizer().updatesPerIteration()),
                        recipe.groups().microBatch(),
                        compute)) {
            directory.create(RecipeLoader.toYaml(recipe), prompts.digests());
            GroupPlan plan = plan(preset);
            compute.inference(() -> {
                policy.prepare(plan.prompts(recipe.iterations()));
                return true;
            });
            Checkpoints checkpoints = new Checkpoints(directory.checkpoints(), settings.keptCheckpoints(), compute);
            Recipe.ReplaySettings replaySettings = recipe.experimentalReplay();
            Replay replay = new Replay(
                    replaySettings == null ? null : replaySettings.toReplay(),
                    RecipePreset.weights(recipe),
                    preset.trainingSteps(),
                    plan::training,
                    trainer);
            RunState state =
                    new RunState(policy, trainer, new Overseer(recipe), new RewardSwaps(recipe, rewardWatch), replay);
            IterationReport start = checkpoints.restore(state).orElseGet(RunKeeper::untrained);
            iterationsDone = start.iteration();
            try (Ledger ledger = Ledger.open(directory.ledger(), start.iteration());
                    JsonLinesFile metrics = JsonLinesFile.open(
                            directory.metrics(), line -> line.path("iteration").asInt() < start.iteration())) {
                Coordinator run = coordinator(policy, preset, plan, start, ledger);
                TrainingLoop loop = new TrainingLoop(
                        recipe.iterations(),
                        preset.optimizerStepsPerIteration(),
                        recipe.optimizer().innerEpochs(),
                        run,
                        new AdvantageDesk(preset.advantages(), RecipePreset.weights(recipe)),
                        replay,
                        trainer,
                        new RunKeeper(
                                recipe,
                                prompts.heldOut().size(),
                                state,
                                compute,
                                run,
                                checkpoints,
                                directory,
                                metrics,
                                RatioReport.of(
                                        preset.objective(),
                                        policy.latentShape().stream().reduce(1L, Math::multiplyExact)),
                                new LearnerMetrics(registry),
                                new PhaseClock(nanoClock),
                                counting(listener)));
                listener.runStarted(new RunPlan(recipe, directory, start.iteration(), numbers(policy.parameters())));
                return run(loop, start, run, () -> export(policy, trainer, compute));
            }
        }
    }

    private RunOutcome run(TrainingLoop loop, IterationReport start, Coordinator run, Export export)
            throws InterruptedException {
        RunOutcome outcome;
        try {
            service.open(run);
            loop.run(start);
            outcome = outcome(RunOutcome.Status.FINISHED, "all " + recipe.iterations() + " iterations are done", null);
        } catch (StopRequestedException e) {
            outcome = outcome(
                    RunOutcome.Status.STOPPED,
                    "stopped after " + iterationsDone + " of " + recipe.iterations()
                            + " iterations; go on with --resume",
                    null);
        } catch (OverOptimisedException e) {
            outcome = outcome(
                    RunOutcome.Status.HALTED,
                    "halted by the sentinel after " + iterationsDone + " of " + recipe.iterations() + " iterations: "
                            + e.getMessage() + ", whose checkpoint is kept in " + directory.checkpoints(),
                    null);
        } catch (RunAbortedException e) {
            // Nothing was being updated: the weights are those of the last whole iteration.
            run.end(String.valueOf(e.getMessage()));
            exportAfter(e, export);
            throw e;
        } catch (RuntimeException e) {
            run.end("the run failed: " + e.getMessage());
            throw e;
        }
        run.end(outcome.message());
        export.write();
        return outcome;
    }

    private static void exportAfter(RunAbortedException cause, Export export) {
        try {
            export.write();
        } catch (InputException e) {
            // A full disk ends runs too; the checkpoint still holds what the adapter would.
            cause.addSuppressed(e);
        }
    }

    /** Loads what is to be trained. */
    interface PolicyLoader {
        Policy load(Recipe recipe);
    }

    private interface Export {
        void write();
    }

    private GroupPlan plan(Preset preset) {
        return new GroupPlan(new GroupPlan.Settings(
                recipe.seed(),
                recipe.groups().perIteration(),
                prompts.train(),
                prompts.heldOut(),
                recipe.evaluation().seed(),
                recipe.evaluation().batchSize(),
                recipe.evaluation().keptImages(),
                recipe.evaluation().imagesPerPrompt(),
                (iteration, index) -> preset.layout(new GroupKey(recipe.seed(), iteration, index))));
    }

    private Coordinator coordinator(
            Policy policy, Preset preset, GroupPlan plan, IterationReport start, Ledger ledger) {
        SigmaSchedule training = policy.schedule(preset.trainingSteps());
        RunSettings wire = RunSettingsWriter.write(
                recipe,
                training,
                policy.schedule(preset.evaluationSteps()),
                settings.workersPipeline() == null ? recipe.model().pipeline() : settings.workersPipeline(),
                ByteString.copyFrom(policy.weightsSha256()));
        Coordinator made = new Coordinator(
                new Coordinator.Run(
                        wire,
                        plan,
                        recipe.iterations(),
                        start.iteration(),
                        recipe.groups().maxStaleness(),
                        policy.latentShape()),
                settings.limits(),
                ledger,
                nanoClock,
                registry);
        coordinator.set(made);
        if (stopRequested) {
            made.requestStop();
        }
        return made;
    }

    /** Asks the run to stop at the next point where it waits for groups. Returns at once. */
    public void requestStop() {
        stopRequested = true;
        Coordinator made = coordinator.get();
        if (made != null) {
            made.requestStop();
        }
    }

    /** Takes overdue leases back; to be called a few times in every lease time. */
    public void tick() {
        Coordinator made = coordinator.get();
        if (made != null) {
            made.expire();
        }
    }

    private RunListener counting(RunListener listener) {
        return new RunListener() {
            @Override
            public void iterationFinished(IterationReport report) {
                iterationsDone = report.iteration();
                listener.iterationFinished(report);
            }
        };
    }

    /** The policy and its average as they are: the loop stops only between updates. */
    private void export(Policy policy, PolicyTrainer trainer, Compute compute) {
        compute.inference(() -> {
            write(directory.adapter(), policy.parameters());
            write(directory.emaAdapter(), trainer.averageTensors());
            return true;
        });
    }

    private void write(Path folder, Map<String, Tensor> tensors) {
        AdapterFiles.write(
                folder, recipe.adapter().toLoraConfig(), tensors, recipe.model().pipeline());
    }

    private static long numbers(Map<String, Tensor> tensors) {
        return tensors.values().stream().mapToLong(Tensor::elementCount).sum();
    }

    private RunOutcome outcome(RunOutcome.Status status, String message, @Nullable Throwable cause) {
        return new RunOutcome(status, iterationsDone, message, directory.root(), cause);
    }
}
