package dev.flowguard.cli.pretrain;

import dev.flowguard.models.AutoencoderKl;
import dev.flowguard.models.LatentDistribution;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;

/**
 * Trains the autoencoder on signs: {@code L1 + MSE + klWeight KL}, the KL kept just large enough that latents stay in the
 * neighbourhood of a normal distribution.
 */
final class AutoencoderTraining {

    static final int STEPS = 600;
    private static final int BATCH = 32;
    private static final double KL_WEIGHT = 1e-3;
    private static final CosineSchedule LEARNING_RATE = new CosineSchedule(2e-3, 50, STEPS, .02);

    private final Compute compute;
    private final AutoencoderKl autoencoder;
    private final Trainee trainee;
    private final Signs signs;
    private final long seed;

    AutoencoderTraining(Compute compute, AutoencoderKl autoencoder, Trainee trainee, Signs signs, long seed) {
        this.compute = compute;
        this.autoencoder = autoencoder;
        this.trainee = trainee;
        this.signs = signs;
        this.seed = seed;
    }

    boolean finished() {
        return trainee.step() >= STEPS;
    }

    /** Takes one step and returns its loss. */
    double step() {
        int number = trainee.step();
        Signs.Batch batch = signs.batch(number, BATCH);
        double result = compute.training(() -> {
            Tensor images = batch.images(compute.device());
            LatentDistribution latents = autoencoder.encode(images);
            Tensor noise = Noise.standardNormal(
                    compute.device(), seed, number, latents.mean().shape());
            Tensor error = autoencoder.decode(latents.sample(noise)).sub(images);
            Tensor loss = error.abs()
                    .mean()
                    .add(error.square().mean())
                    .add(latents.klPerElement().mul(KL_WEIGHT));
            trainee.descend(loss, LEARNING_RATE.at(number));
            return loss.itemDouble();
        });
        compute.inference(() -> {
            trainee.average();
            return result;
        });
        return result;
    }
}
