package dev.flowguard.reward.onnx;

/** In which order a network wants the channels of an image. */
public enum ChannelOrder {
    RGB,
    BGR
}
