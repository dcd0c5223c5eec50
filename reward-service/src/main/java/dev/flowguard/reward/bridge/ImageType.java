package dev.flowguard.reward.bridge;

/** What an element of an image tensor is, by the protocol's names. */
public enum ImageType {
    /** A sample, 0 to 255. */
    UINT8,
    /** (sample / 255 − mean) / std. */
    FP32,
    /** A whole image as a PNG file: the model decodes and scales it. */
    BYTES
}
