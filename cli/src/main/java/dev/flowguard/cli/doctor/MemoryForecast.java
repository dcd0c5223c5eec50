package dev.flowguard.cli.doctor;

import dev.flowguard.grpo.GroupKey;
import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.grpo.Preset;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipePreset;
import dev.flowguard.models.DecoderActivations;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.ModelFamily;
import dev.flowguard.models.NetworkOutline;
import dev.flowguard.models.PipelineOutline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The memory that a run takes, from its recipe and its model's configuration alone.
 *
 * <p>Weights, adapter and optimizer are counted to the byte; activations by the tensors that are alive at the peak
 * ({@link dev.flowguard.models.TransformerActivations}, {@link dev.flowguard.models.DecoderActivations}). One device works on
 * one thing at a time, so training, sampling and decoding do not add up: the largest counts. Only {@link #PROCESS} was
 * measured.
 *
 * @param learner what the learner alone takes
 * @param rollout what a rollout worker alone takes
 * @param train what {@code flowguard train} takes, which is both and the scorers in one process
 * @param shared bytes of weights in the pages of files that learner and worker both map: twice in what the system calls the
 *     resident set of {@code flowguard train}, once in memory
 * @param experience trajectories of an iteration, in the JVM's heap; part of learner and train
 * @param together most latents that go through the transformer together
 */
public record MemoryForecast(
        Footprint learner, Footprint rollout, Footprint train, long shared, long experience, int together) {

    /**
     * What a JVM with libtorch, Spring, gRPC and three services has resident beside its model: {@code flowguard train} on the
     * quickstart took 550 MiB, of which its model explains 42 (JDK 17, the launcher's options, Linux x86-64).
     */
    static final long PROCESS = 508L << 20;

    private static final long FLOAT = 4;

    /**
     * The memory of one process.
     *
     * @param parts that are there all the time
     * @param phases of which one at a time is
     * @param loading bytes of files that are resident while their weights are converted, before the first phase; the system
     *     takes their pages back where it needs them
     */
    public record Footprint(List<Part> parts, List<Part> phases, long loading) {
        public Footprint {
            parts = List.copyOf(parts);
            phases = List.copyOf(phases);
        }

        /** Largest resident set. */
        public long peak() {
            return always() + Math.max(largestPhase(), loading);
        }

        /** What it needs to go on: the peak without pages that can be read again. */
        long needed() {
            return always() + largestPhase();
        }

        private long always() {
            return parts.stream().mapToLong(Part::bytes).sum();
        }

        private long largestPhase() {
            return phases.stream().mapToLong(Part::bytes).max().orElse(0);
        }
    }

    /**
     * Something that takes memory.
     *
     * @param name for people
     * @param bytes how much
     */
    public record Part(String name, long bytes) {}

    /**
     * Forecasts a run.
     *
     * @throws dev.flowguard.tensor.InputException if the model's configuration cannot be read or the adapter does not fit
     */
    public static MemoryForecast of(Recipe recipe) {
        return of(
                recipe,
                PipelineOutline.read(
                        Path.of(recipe.model().pipeline()), recipe.model().loadOptions()));
    }

    static MemoryForecast of(Recipe recipe, PipelineOutline model) {
        LoraConfig adapter = recipe.adapter().toLoraConfig();
        List<String> adapted = model.transformer().adapted(adapter);
        long adapterBytes = FLOAT * model.transformer().adapterParameters(adapter);
        int height = recipe.model().height();
        int width = recipe.model().width();
        int copies = guided(recipe, model.family()) ? 2 : 1;
        GroupLayout layout = RecipePreset.of(recipe).layout(new GroupKey(recipe.seed(), 0, 0));
        Integer microBatch = recipe.groups().microBatchSize();
        int limit = microBatch == null ? Integer.MAX_VALUE : microBatch;
        int trained = Math.min(
                limit,
                layout.trainedSteps().stream()
                        .mapToInt(layout::latentsLeftAt)
                        .max()
                        .orElse(1));
        // The last step is the ODE's and finds every member by itself, however much the steps before it shared.
        int drawn = Math.max(layout.members(), recipe.evaluation().batchSize());
        int sampled = Math.min(limit, drawn);

        Part training = new Part(
                "training, " + trained + " latents" + (recipe.model().gradientCheckpointing() ? ", checkpointed" : ""),
                model.activations()
                        .training(
                                trained * copies,
                                height,
                                width,
                                adapted,
                                recipe.model().gradientCheckpointing()));
        Part sampling = new Part(
                "sampling, " + sampled + " latents", model.activations().sampling(sampled * copies, height, width));
        int decoded = Math.min(DecoderActivations.imagesTogether(height, width), drawn);
        Part decoding =
                new Part("decoding, " + decoded + " images", model.decoding().bytes(decoded, height, width));

        List<Part> weights = new ArrayList<>();
        for (NetworkOutline network : model.networks()) {
            if (recipe.model().releasesTextEncoders() && model.textEncoders().contains(network)) {
                continue; // gone before the first group is sampled
            }
            weights.add(new Part(network.component(), network.bytes()));
        }
        Part process = new Part("JVM, libtorch, services", PROCESS);
        long experience = experience(recipe, model.latentElements(height, width));
        List<Part> learner = new ArrayList<>(weights);
        learner.add(new Part("adapter, its gradients and average", 3 * adapterBytes));
        learner.add(new Part("AdamW", 2 * adapterBytes));
        learner.add(new Part("experience", experience));
        List<Part> worker = new ArrayList<>(weights);
        worker.add(new Part("adapter", adapterBytes));
        List<Part> together = new ArrayList<>();
        together.add(process);
        weights.forEach(part -> together.add(new Part(part.name() + " (learner and worker)", 2 * part.bytes())));
        together.addAll(learner.subList(weights.size(), learner.size()));
        together.addAll(worker.subList(weights.size(), worker.size()));
        learner.add(0, process);
        worker.add(0, process);
        long converted = model.networks().stream()
                .mapToLong(NetworkOutline::convertedBytes)
                .sum();
        return new MemoryForecast(
                new Footprint(learner, List.of(training), converted),
                new Footprint(worker, List.of(sampling, decoding), converted),
                new Footprint(together, List.of(training, sampling, decoding), 2 * converted),
                model.networks().stream()
                        .filter(NetworkOutline::mapped)
                        .filter(network -> !recipe.model().releasesTextEncoders()
                                || !model.textEncoders().contains(network))
                        .mapToLong(NetworkOutline::bytes)
                        .sum(),
                experience,
                Math.max(trained, sampled));
    }

    /** What {@code flowguard train} takes of a machine's memory. */
    long needed() {
        return train.needed() - shared;
    }

    private static boolean guided(Recipe recipe, ModelFamily family) {
        return family == ModelFamily.STABLE_DIFFUSION_3
                ? recipe.sampling().guidanceScale() != 1
                : recipe.sampling().trueCfgScale() != 1;
    }

    /**
     * Latents and means of the groups that may be there together, as the layouts of the first iteration have them; of those that
     * are replayed, the ones that are kept and the means of those in use.
     */
    private static long experience(Recipe recipe, long latentElements) {
        Preset preset = RecipePreset.of(recipe);
        List<GroupLayout> layouts = IntStream.range(0, recipe.groups().perIteration())
                .mapToObj(index -> preset.layout(new GroupKey(recipe.seed(), 0, index)))
                .toList();
        long rows = layouts.stream().mapToLong(GroupLayout::keptRows).sum()
                * (1L + recipe.groups().maxStaleness());
        Recipe.ReplaySettings replay = recipe.experimentalReplay();
        if (replay != null) {
            rows += layouts.stream()
                            .map(layout -> replay.toReplay().kept(layout, preset.trainingSteps()))
                            .mapToLong(GroupLayout::keptRows)
                            .max()
                            .orElse(0)
                    * replay.groups()
                    * (1L + replay.maxAge());
        }
        return FLOAT * rows * latentElements;
    }
}
