package dev.flowguard.cli.pretrain;

/**
 * A learning rate that warms up linearly and then falls along half a cosine.
 *
 * @param peak the highest rate
 * @param warmUp steps until the peak
 * @param steps steps until the end
 * @param last the rate at the end, as a share of the peak
 */
record CosineSchedule(double peak, int warmUp, int steps, double last) {

    double at(int step) {
        double warm = Math.min(1, (step + 1.0) / warmUp);
        double progress = Math.min(1, (double) step / steps);
        return peak * warm * (last + (1 - last) * (1 + Math.cos(Math.PI * progress)) / 2);
    }
}
