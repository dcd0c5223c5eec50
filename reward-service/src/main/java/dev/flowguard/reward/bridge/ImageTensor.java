package dev.flowguard.reward.bridge;

import com.google.protobuf.ByteString;
import dev.flowguard.models.PilFilter;
import dev.flowguard.models.PilResize;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.inference.ModelInferRequest.InferInputTensor;
import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Lays images out as the model wants them. Immutable. */
final class ImageTensor {

    private static final int CHANNELS = 3;

    private final KserveProperties.Image wanted;
    private final float[] mean = new float[CHANNELS];
    private final float[] std = new float[CHANNELS];

    ImageTensor(KserveProperties.Image wanted) {
        this.wanted = wanted;
        for (int channel = 0; channel < CHANNELS; channel++) {
            mean[channel] = wanted.mean().get(channel);
            std[channel] = wanted.std().get(channel);
        }
    }

    /** What of the layout changes scores, for the scorer's version. */
    String describe() {
        String size = wanted.width() == null ? "" : "." + wanted.width() + "x" + wanted.height();
        String normalised =
                wanted.datatype() == ImageType.FP32 ? ".mean%s.std%s".formatted(wanted.mean(), wanted.std()) : "";
        return (wanted.datatype() + size + normalised).replace(" ", "");
    }

    /** The size that the image has when it is sent; images of one size share a tensor. */
    Dimension sentSize(BufferedImage image) {
        if (wanted.datatype() == ImageType.BYTES) {
            return new Dimension();
        }
        return wanted.width() != null && wanted.height() != null
                ? new Dimension(wanted.width(), wanted.height())
                : new Dimension(image.getWidth(), image.getHeight());
    }

    /**
     * Name, datatype and shape of the tensor of so many images.
     *
     * @param size what {@link #sentSize} says of each of them
     * @param bytesRank dimensions of a tensor of byte strings
     */
    InferInputTensor declare(int images, Dimension size, int bytesRank) {
        InferInputTensor.Builder tensor = InferInputTensor.newBuilder()
                .setName(wanted.name())
                .setDatatype(wanted.datatype().name())
                .addShape(images);
        if (wanted.datatype() == ImageType.BYTES) {
            return bytesRank == 2 ? tensor.addShape(1).build() : tensor.build();
        }
        return switch (wanted.layout()) {
            case NHWC ->
                tensor.addShape(size.height)
                        .addShape(size.width)
                        .addShape(CHANNELS)
                        .build();
            case NCHW ->
                tensor.addShape(CHANNELS)
                        .addShape(size.height)
                        .addShape(size.width)
                        .build();
        };
    }

    /** The elements, row by row, little-endian. */
    ByteString raw(List<BufferedImage> images) {
        return switch (wanted.datatype()) {
            case BYTES -> BytesTensor.raw(images.stream().map(PngBytes::of).toList());
            case UINT8 ->
                ByteString.copyFrom(images.stream()
                        .map(this::samples)
                        .map(ByteString::copyFrom)
                        .toList());
            case FP32 ->
                ByteString.copyFrom(images.stream()
                        .map(this::normalised)
                        .map(ByteString::copyFrom)
                        .toList());
        };
    }

    /** Samples of one image in the order of the layout; not to be written to. */
    private byte[] samples(BufferedImage image) {
        Dimension size = sentSize(image);
        RgbImage rgb = RgbImage.of(image);
        if (size.width != image.getWidth() || size.height != image.getHeight()) {
            rgb = new PilResize(size.width, size.height, PilFilter.BICUBIC).apply(rgb);
        }
        byte[] samples = rgb.samples();
        if (wanted.layout() == ImageLayout.NHWC) {
            return samples;
        }
        byte[] planes = new byte[samples.length];
        int plane = samples.length / CHANNELS;
        for (int i = 0; i < samples.length; i++) {
            planes[i % CHANNELS * plane + i / CHANNELS] = samples[i];
        }
        return planes;
    }

    private ByteBuffer normalised(BufferedImage image) {
        byte[] samples = samples(image);
        int plane = samples.length / CHANNELS;
        ByteBuffer buffer = ByteBuffer.allocate(Float.BYTES * samples.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < samples.length; i++) {
            int channel = wanted.layout() == ImageLayout.NHWC ? i % CHANNELS : i / plane;
            buffer.putFloat(((samples[i] & 0xff) / 255f - mean[channel]) / std[channel]);
        }
        return buffer.flip();
    }
}
