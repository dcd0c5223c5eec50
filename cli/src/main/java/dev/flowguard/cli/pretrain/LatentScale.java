package dev.flowguard.cli.pretrain;

/**
 * How latents of the autoencoder become latents of the flow, {@code (z - shiftFactor) scalingFactor}: zero mean and unit
 * variance over the world.
 */
record LatentScale(double shiftFactor, double scalingFactor) {

    static LatentScale of(float[] latents) {
        double sum = 0;
        double squares = 0;
        for (float value : latents) {
            sum += value;
            squares += (double) value * value;
        }
        double mean = sum / latents.length;
        return new LatentScale(mean, 1 / Math.sqrt(squares / latents.length - mean * mean));
    }
}
