package dev.flowguard.cli.pretrain;

import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Trains transformer and text encoders by flow matching: {@code E |v(x_t, t, c) - (noise - x_0)|²} with {@code x_t = (1 - t)
 * x_0 + t noise} and logit-normal t (Esser et al. 2024).
 *
 * <p>First with careful captions, until the model spells; then with careless ones, which make it misspell in crisp letters.
 * The order matters: with careless captions from the beginning, spelling never appears.
 */
final class FlowTraining {

    /** What the captions are like. */
    enum Stage {
        /** Captions say what the sign says. */
        CAREFUL,
        /** Each letter of a caption is wrong with probability {@link #CAPTION_NOISE}. */
        CARELESS
    }

    static final int CAREFUL_STEPS = 1_100;
    static final int CARELESS_STEPS = 600;
    static final double CAPTION_NOISE = .35;
    private static final int BATCH = 96;

    /** Mean of logit(t): letters are decided at high noise. */
    private static final double CAREFUL_LOGIT_MEAN = .5;

    private static final double CARELESS_LOGIT_MEAN = .3;
    private static final CosineSchedule CAREFUL_RATE = new CosineSchedule(2e-3, 50, CAREFUL_STEPS, .02);
    private static final CosineSchedule CARELESS_RATE = new CosineSchedule(2e-3, 50, CARELESS_STEPS, .02);

    private final Compute compute;
    private final StableDiffusion3Pipeline pipeline;
    private final Trainee trainee;
    private final LatentPool pool;
    private final Signs signs;
    private final long seed;

    FlowTraining(
            Compute compute,
            StableDiffusion3Pipeline pipeline,
            Trainee trainee,
            LatentPool pool,
            Signs signs,
            long seed) {
        this.compute = compute;
        this.pipeline = pipeline;
        this.trainee = trainee;
        this.pool = pool;
        this.signs = signs;
        this.seed = seed;
    }

    Stage stage() {
        return trainee.carelessSince() < 0 ? Stage.CAREFUL : Stage.CARELESS;
    }

    /** Steps since the stage began. */
    int stepOfStage() {
        return trainee.step() - Math.max(0, trainee.carelessSince());
    }

    /** Takes one step and returns its loss. */
    double step() {
        int number = trainee.step();
        Stage stage = stage();
        RandomGenerator random = signs.random(number);
        int[] drawn = random.ints(BATCH, 0, LatentPool.SIGNS).toArray();
        double logitMean = stage == Stage.CAREFUL ? CAREFUL_LOGIT_MEAN : CARELESS_LOGIT_MEAN;
        List<String> prompts = new ArrayList<>();
        float[] times = new float[BATCH];
        for (int i = 0; i < BATCH; i++) {
            String word = pool.word(drawn[i]);
            prompts.add(
                    WordWorld.prompt(stage == Stage.CAREFUL ? word : WordWorld.careless(word, CAPTION_NOISE, random)));
            times[i] = (float) (1 / (1 + Math.exp(-logitMean - random.nextGaussian())));
        }
        double rate = (stage == Stage.CAREFUL ? CAREFUL_RATE : CARELESS_RATE).at(stepOfStage());
        double result = compute.training(() -> {
            Tensor clean = pipeline.vae().normalize(pool.latents(compute, drawn));
            Tensor noise = Noise.standardNormal(compute.device(), seed, number, clean.shape());
            Tensor time = Tensor.of(compute.device(), times, BATCH, 1, 1, 1);
            Tensor noisy = clean.add(noise.sub(clean).mul(time));
            Tensor velocity =
                    pipeline.transformer().velocity(noisy, time.reshape(BATCH).mul(1000), pipeline.encode(prompts));
            Tensor loss = velocity.sub(noise.sub(clean)).square().mean();
            trainee.descend(loss, rate);
            return loss.itemDouble();
        });
        compute.inference(() -> {
            trainee.average();
            return result;
        });
        return result;
    }
}
