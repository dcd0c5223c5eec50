package dev.flowguard.benchmarks.reward;

import com.google.protobuf.ByteString;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The signs that the quickstart's prompts ask for, cut out of its reference sheet. */
final class SignImages {

    private static final Path INDEX = Path.of("recipes/quickstart/references/index.jsonl");
    private static final int NOISE = 6;

    private SignImages() {}

    /**
     * A sign.
     *
     * @param image decoded, {@link BufferedImage#TYPE_3BYTE_BGR}
     * @param png the same image
     * @param rgb8 the same image
     */
    record Sign(String prompt, BufferedImage image, EncodedImage png, EncodedImage rgb8) {}

    /** Signs of the quickstart's 64 x 32 pixels. */
    static List<Sign> small(int count) throws IOException {
        return read(count, 64, 32, 0);
    }

    /** The same, enlarged to a square, with the grain of a photograph: otherwise a PNG would be unusually small. */
    static List<Sign> large(int count, int side) throws IOException {
        return read(count, side, side, NOISE);
    }

    private static List<Sign> read(int count, int width, int height, int noise) throws IOException {
        List<String> lines = Files.readAllLines(INDEX);
        JsonMapper json = new JsonMapper();
        List<Sign> signs = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < count; i++) {
            JsonNode line = json.readTree(lines.get(i % lines.size()));
            BufferedImage sheet = ImageIO.read(
                    INDEX.resolveSibling(line.get("image").asString()).toFile());
            BufferedImage sign = sheet.getSubimage(
                    line.get("x").asInt(),
                    line.get("y").asInt(),
                    line.get("width").asInt(),
                    line.get("height").asInt());
            BufferedImage image = grained(enlarged(sign, width, height), noise, random);
            signs.add(new Sign(line.get("prompt").asString(), image, png(image), rgb8(image)));
        }
        return signs;
    }

    private static BufferedImage enlarged(BufferedImage sign, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
        graphics.drawImage(sign, 0, 0, width, height, null);
        graphics.dispose();
        return image;
    }

    private static BufferedImage grained(BufferedImage image, int noise, Random random) {
        int[] samples = image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
        for (int i = 0; i < samples.length && noise > 0; i++) {
            samples[i] = Math.max(0, Math.min(255, samples[i] + random.nextInt(-noise, noise + 1)));
        }
        image.getRaster().setPixels(0, 0, image.getWidth(), image.getHeight(), samples);
        return image;
    }

    private static EncodedImage png(BufferedImage image) throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        return encoded(image, ImageFormat.IMAGE_FORMAT_PNG, png.toByteArray());
    }

    private static EncodedImage rgb8(BufferedImage image) {
        return encoded(image, ImageFormat.IMAGE_FORMAT_RGB8, RgbImage.of(image).samples());
    }

    private static EncodedImage encoded(BufferedImage image, ImageFormat format, byte[] data) {
        return EncodedImage.newBuilder()
                .setFormat(format)
                .setWidth(image.getWidth())
                .setHeight(image.getHeight())
                .setData(ByteString.copyFrom(data))
                .build();
    }
}
