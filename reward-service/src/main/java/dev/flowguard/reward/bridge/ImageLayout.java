package dev.flowguard.reward.bridge;

/** The order of an image tensor's dimensions: batch, then height, width and channels (red, green, blue). */
public enum ImageLayout {
    NHWC,
    NCHW
}
