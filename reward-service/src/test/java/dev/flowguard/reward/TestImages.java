package dev.flowguard.reward;

import com.google.protobuf.ByteString;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.GlyphVector;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.random.RandomGenerator;
import javax.imageio.ImageIO;

/** Images for tests, among them the quickstart's words. */
public final class TestImages {

    private static final String LETTERS = "ACDEHKLMNPRTUVXY";
    private static final Font FONT = monospacedBold();

    private TestImages() {}

    /** Four letters of the word world. */
    public static String word(RandomGenerator random) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            word.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return word.toString();
    }

    /** A word as the word world draws it: 64 x 32, ink 0 to 60 on white, ±1 pixel off the centre. */
    public static BufferedImage render(String word, RandomGenerator random) {
        BufferedImage image = new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 64, 32);
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        int shade = random.nextInt(61);
        graphics.setColor(new Color(shade, shade, shade));
        GlyphVector glyphs = FONT.createGlyphVector(graphics.getFontRenderContext(), word);
        Rectangle2D bounds = glyphs.getVisualBounds();
        float x = (float) (32 - bounds.getCenterX() + random.nextInt(-1, 2));
        float y = (float) (16 - bounds.getCenterY() + random.nextInt(-1, 2));
        graphics.drawGlyphVector(glyphs, x, y);
        graphics.dispose();
        return image;
    }

    /** A plain image of that kind. */
    public static BufferedImage blank(int width, int height, int type) {
        return new BufferedImage(width, height, type);
    }

    public static EncodedImage png(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return EncodedImage.newBuilder()
                .setFormat(ImageFormat.IMAGE_FORMAT_PNG)
                .setData(ByteString.copyFrom(out.toByteArray()))
                .setWidth(image.getWidth())
                .setHeight(image.getHeight())
                .build();
    }

    /** The image's samples as they are. */
    public static EncodedImage rgb8(BufferedImage image) {
        return EncodedImage.newBuilder()
                .setFormat(ImageFormat.IMAGE_FORMAT_RGB8)
                .setData(ByteString.copyFrom(RgbImage.of(image).samples()))
                .setWidth(image.getWidth())
                .setHeight(image.getHeight())
                .build();
    }

    private static Font monospacedBold() {
        try (InputStream font =
                TestImages.class.getResourceAsStream("/net/sf/jasperreports/fonts/dejavu/DejaVuSansMono-Bold.ttf")) {
            return Font.createFont(Font.TRUETYPE_FONT, Objects.requireNonNull(font))
                    .deriveFont(24f);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (FontFormatException e) {
            throw new IllegalStateException(e);
        }
    }
}
