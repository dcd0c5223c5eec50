package dev.flowguard.cli.rewardcheck;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Spoils a good item in every way that the contract names. */
final class BadItems {

    private static final int MANY_CHARACTERS = 1 << 20;
    private static final int JPEG_WIDTH = 16;
    private static final int JPEG_HEIGHT = 8;
    /** 1.2 GB of pixels. */
    private static final int BOMB_SIDE = 20_000;

    private BadItems() {}

    /**
     * @param good an item that carries what the scorer wants
     * @param formats that the scorer takes beyond PNG
     */
    static List<BadItem> of(ScoreRequest good, List<ImageFormat> formats) {
        List<BadItem> bad = new ArrayList<>();
        if (good.hasImage()) {
            files(good, bad);
            pixels(good, formats.contains(ImageFormat.IMAGE_FORMAT_RGB8), bad);
        }
        if (!good.getPrompt().isEmpty()) {
            String padded = good.getPrompt() + " very".repeat(MANY_CHARACTERS / 5);
            bad.add(new BadItem(
                    "a prompt of 1 MB", good.toBuilder().setPrompt(padded).build()));
        }
        if (good.hasLatents()) {
            tensors(good.getLatents(), "latents")
                    .forEach(spoilt -> bad.add(new BadItem(
                            spoilt.what(),
                            good.toBuilder().setLatents(spoilt.tensor()).build())));
        }
        if (good.hasTrajectory()) {
            tensors(good.getTrajectory(), "a trajectory")
                    .forEach(spoilt -> bad.add(new BadItem(
                            spoilt.what(),
                            good.toBuilder().setTrajectory(spoilt.tensor()).build())));
        }
        return bad;
    }

    private static void files(ScoreRequest good, List<BadItem> bad) {
        EncodedImage image = good.getImage();
        int width = image.getWidth();
        int height = image.getHeight();
        PngFile png = GoldenImage.GRADIENT.draw(width, height);
        ByteString file = png.bytes();
        bad.add(new BadItem("no image", good.toBuilder().clearImage().build()));
        bad.add(item(good, "an image of no bytes", image.toBuilder().clearData()));
        bad.add(item(good, "text for an image", image.toBuilder().setData(ByteString.copyFromUtf8("<html></html>"))));
        bad.add(item(
                good,
                "an image of unspecified format",
                image.toBuilder().setFormat(ImageFormat.IMAGE_FORMAT_UNSPECIFIED)));
        bad.add(item(good, "a truncated PNG", image.toBuilder().setData(file.substring(0, file.size() / 2))));
        bad.add(item(
                good,
                "a PNG with damaged pixels",
                png(new PngFile(width, height, 8, PngFile.RGB, damaged(png.imageData())))));
        bad.add(item(
                good, "a PNG that is wider than declared", image.toBuilder().setWidth(width - 1)));
        bad.add(item(
                good, "a PNG that is lower than declared", image.toBuilder().setHeight(height + 1)));
        bad.add(item(good, "a PNG of 0 x 0", png(new PngFile(0, 0, 8, PngFile.RGB, png.imageData()))));
        bad.add(item(
                good, "a decompression bomb", png(new PngFile(BOMB_SIDE, BOMB_SIDE, 8, PngFile.RGB, png.imageData()))));
        bad.add(item(
                good,
                "a PNG of 16 bits",
                png(new PngFile(
                        width, height, 16, PngFile.RGB, PngFile.deflated(new byte[6 * width * height], height)))));
        for (String jpeg : List.of("rgb.jpg", "cmyk.jpg")) {
            bad.add(item(
                    good,
                    jpeg.equals("rgb.jpg") ? "a JPEG file" : "a JPEG file of CMYK",
                    image.toBuilder()
                            .setWidth(JPEG_WIDTH)
                            .setHeight(JPEG_HEIGHT)
                            .setData(resource(jpeg))));
        }
    }

    private static void pixels(ScoreRequest good, boolean taken, List<BadItem> bad) {
        EncodedImage pixels = GoldenImage.GRADIENT.rgb8(
                good.getImage().getWidth(), good.getImage().getHeight());
        if (!taken) {
            bad.add(item(good, "pixels, although Describe does not say that it takes them", pixels.toBuilder()));
            return;
        }
        bad.add(item(
                good,
                "pixels that are fewer than declared",
                pixels.toBuilder().setData(pixels.getData().substring(3))));
        bad.add(item(good, "pixels that are declared wider", pixels.toBuilder().setWidth(pixels.getWidth() + 1)));
        bad.add(item(
                good,
                "pixels of 65536 x 65536",
                pixels.toBuilder().setWidth(1 << 16).setHeight(1 << 16)));
    }

    private static BadItem item(ScoreRequest good, String what, EncodedImage.Builder image) {
        return new BadItem(what, good.toBuilder().setImage(image).build());
    }

    private static EncodedImage.Builder png(PngFile png) {
        return EncodedImage.newBuilder()
                .setFormat(ImageFormat.IMAGE_FORMAT_PNG)
                .setWidth(png.width())
                .setHeight(png.height())
                .setData(png.bytes());
    }

    /** A stream that no inflater takes for one: its header is part of the damage. */
    private static ByteString damaged(ByteString deflated) {
        byte[] bytes = deflated.toByteArray();
        for (int i = 0; i < Math.min(16, bytes.length); i++) {
            bytes[i] ^= (byte) 0xA5;
        }
        return ByteString.copyFrom(bytes);
    }

    private record SpoiltTensor(String what, Tensor tensor) {}

    private static List<SpoiltTensor> tensors(Tensor good, String name) {
        ByteBuffer first = ByteBuffer.allocate(Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(Float.NaN)
                .flip();
        ByteString rest = good.getData().substring(Float.BYTES);
        return List.of(
                new SpoiltTensor(
                        name + " with a NaN",
                        good.toBuilder()
                                .setData(ByteString.copyFrom(first).concat(rest))
                                .build()),
                new SpoiltTensor(
                        name + " with fewer elements than its shape",
                        good.toBuilder().setData(rest).build()));
    }

    private static ByteString resource(String name) {
        try (InputStream in = Objects.requireNonNull(
                BadItems.class.getResourceAsStream("/dev/flowguard/cli/rewardcheck/" + name), name)) {
            return ByteString.readFrom(in);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name, e);
        }
    }
}
