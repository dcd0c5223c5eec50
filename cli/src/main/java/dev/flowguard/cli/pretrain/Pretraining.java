package dev.flowguard.cli.pretrain;

import dev.flowguard.cli.sample.SampleDefaults;
import dev.flowguard.models.AutoencoderKl;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * From nothing to a model that draws signs and misspells them: autoencoder, latents, flow.
 *
 * <p>State is written into a folder now and then and at every interruption; whoever starts again in that folder goes on
 * where the other stopped.
 */
final class Pretraining {

    private static final int SAVE_EVERY = 100;
    private static final int TEST_EVERY = 50;

    /** OCR score of a model that spells. */
    private static final double SPELLS = .85;

    /** Before that, careless captions have not made the letters crisp. */
    private static final int LEAST_CARELESS_STEPS = 300;

    private final Compute compute;
    private final ScorerWorker reader;
    private final List<String> heldOutPrompts;
    private final double targetScore;
    private final long seed;
    private final Path folder;
    private final Progress progress;
    private final BooleanSupplier interrupted;
    private final Signs signs;

    Pretraining(
            Compute compute,
            ScorerWorker reader,
            List<String> heldOutPrompts,
            double targetScore,
            long seed,
            Path folder,
            Progress progress,
            BooleanSupplier interrupted) {
        this.compute = compute;
        this.reader = reader;
        this.heldOutPrompts = heldOutPrompts;
        this.targetScore = targetScore;
        this.seed = seed;
        this.folder = folder;
        this.progress = progress;
        this.interrupted = interrupted;
        Set<String> heldOutWords = heldOutPrompts.stream()
                .map(prompt -> WordWorld.quoted(prompt).orElse(prompt))
                .collect(Collectors.toSet());
        this.signs = new Signs(heldOutWords, seed);
    }

    /**
     * Trains until the model spells as badly as is wanted, and writes it.
     *
     * @return whether it came to the end; false if it was interrupted, with its state saved
     */
    boolean run(Path output) {
        AutoencoderKl unscaled = SignModel.autoencoder(compute.device(), seed);
        if (!trainAutoencoder(unscaled)) {
            unscaled.close();
            return false;
        }
        LatentPool pool = new LatentPool(compute, unscaled, signs, progress);
        AutoencoderKl autoencoder = SignModel.autoencoder(compute.device(), seed, pool.scale());
        copy(unscaled.parameters(), autoencoder.parameters());
        unscaled.close();
        try (StableDiffusion3Pipeline pipeline = SignModel.pipeline(compute.device(), seed, autoencoder)) {
            boolean finished = trainFlow(pipeline, pool);
            if (finished) {
                pipeline.save(output);
                new SampleDefaults(WordWorld.HEIGHT, WordWorld.WIDTH, SpellingTest.STEPS, 1).write(output);
            }
            return finished;
        }
    }

    private boolean trainAutoencoder(AutoencoderKl autoencoder) {
        autoencoder.requireGradients();
        try (Trainee trainee = new Trainee(autoencoder.parameters())) {
            Path state = folder.resolve("autoencoder.safetensors");
            restore(trainee, state);
            AutoencoderTraining training = new AutoencoderTraining(compute, autoencoder, trainee, signs, seed);
            while (!training.finished()) {
                double loss = training.step();
                progress.autoencoder(trainee.step(), AutoencoderTraining.STEPS, loss);
                if (trainee.step() % SAVE_EVERY == 0 || interrupted.getAsBoolean()) {
                    trainee.save(state);
                }
                if (interrupted.getAsBoolean()) {
                    return false;
                }
            }
            compute.inference(() -> {
                trainee.adoptAverages();
                return autoencoder;
            });
            return true;
        }
    }

    private boolean trainFlow(StableDiffusion3Pipeline pipeline, LatentPool pool) {
        Map<String, Tensor> parameters =
                new LinkedHashMap<>(pipeline.transformer().parameters());
        pipeline.transformer().requireGradients();
        for (int i = 0; i < pipeline.textEncoders().size(); i++) {
            String prefix = "text_encoders." + i + ".";
            pipeline.textEncoders().get(i).requireGradients();
            pipeline.textEncoders().get(i).parameters().forEach((name, value) -> parameters.put(prefix + name, value));
        }
        try (Trainee trainee = new Trainee(parameters)) {
            Path state = folder.resolve("flow.safetensors");
            restore(trainee, state);
            FlowTraining training = new FlowTraining(compute, pipeline, trainee, pool, signs, seed);
            SpellingTest test = new SpellingTest(compute, pipeline, reader, heldOutPrompts);
            while (true) {
                double loss = training.step();
                progress.flow(training.stage(), training.stepOfStage(), loss);
                if (trainee.step() % SAVE_EVERY == 0 || interrupted.getAsBoolean()) {
                    trainee.save(state);
                }
                if (interrupted.getAsBoolean()) {
                    return false;
                }
                if (trainee.step() % TEST_EVERY == 0 && isOver(training, trainee, test)) {
                    compute.inference(() -> {
                        trainee.adoptAverages();
                        return pipeline;
                    });
                    return true;
                }
            }
        }
    }

    private boolean isOver(FlowTraining training, Trainee trainee, SpellingTest test) {
        SpellingTest.Result result = compute.inference(() -> trainee.withAverages(test::run));
        progress.spelling(trainee.step(), result);
        return switch (training.stage()) {
            case CAREFUL -> {
                if (result.score() >= SPELLS || training.stepOfStage() >= FlowTraining.CAREFUL_STEPS) {
                    trainee.becomeCareless();
                }
                yield false;
            }
            case CARELESS ->
                training.stepOfStage() >= FlowTraining.CARELESS_STEPS
                        || (training.stepOfStage() >= LEAST_CARELESS_STEPS && result.score() >= targetScore);
        };
    }

    private static void restore(Trainee trainee, Path state) {
        if (Files.exists(state)) {
            trainee.restore(state);
        }
    }

    private void copy(Map<String, Tensor> from, Map<String, Tensor> to) {
        compute.inference(() -> {
            to.forEach(
                    (name, value) -> value.assign(from.getOrDefault(name, value).detach()));
            return to;
        });
    }
}
