package dev.flowguard.cli.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;

/** Draws a sheet of samples as one picture: images in rows, under each its prompt and its scores. */
public final class SampleGrid {

    /** Images are shown at least this wide; smaller ones are enlarged by a whole factor, so that pixels stay square. */
    private static final int CELL_WIDTH = 192;

    private static final int GAP = 20;
    private static final int CAPTION_HEIGHT = 40;
    private static final Color PAPER = new Color(0xfbfaf7);
    private static final Color INK = new Color(0x22282e);
    private static final Color SOFT = new Color(0x66707a);
    private static final Color LINE = new Color(0xe6e3dc);

    private final int columns;
    private final Font font;

    /** A grid of that many columns. */
    public SampleGrid(int columns) {
        this.columns = columns;
        this.font = BundledFont.load();
    }

    /** The grid as a PNG. */
    public byte[] draw(SampleSheet sheet) {
        List<BufferedImage> images =
                sheet.samples().stream().map(SampleGrid::decode).toList();
        int width = images.stream().mapToInt(SampleGrid::shownWidth).max().orElse(CELL_WIDTH);
        int height = images.stream().mapToInt(SampleGrid::shownHeight).max().orElse(CELL_WIDTH);
        int rows = Math.max(1, (images.size() + columns - 1) / columns);
        BufferedImage grid = new BufferedImage(
                GAP + columns * (width + GAP),
                GAP + rows * (height + CAPTION_HEIGHT + GAP),
                BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = grid.createGraphics();
        try {
            pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            pen.setColor(PAPER);
            pen.fillRect(0, 0, grid.getWidth(), grid.getHeight());
            for (int i = 0; i < images.size(); i++) {
                int x = GAP + i % columns * (width + GAP);
                int y = GAP + i / columns * (height + CAPTION_HEIGHT + GAP);
                drawImage(pen, images.get(i), x, y);
                drawCaption(pen, sheet.samples().get(i), x, y + height, width);
            }
        } finally {
            pen.dispose();
        }
        return encode(grid);
    }

    private static void drawImage(Graphics2D pen, BufferedImage image, int x, int y) {
        pen.drawImage(image, x, y, shownWidth(image), shownHeight(image), null);
        pen.setColor(LINE);
        pen.drawRect(x - 1, y - 1, shownWidth(image) + 1, shownHeight(image) + 1);
    }

    private void drawCaption(Graphics2D pen, Sample sample, int x, int y, int width) {
        pen.setFont(font.deriveFont(12f));
        pen.setColor(INK);
        pen.drawString(fit(sample.prompt(), pen.getFontMetrics(), width), x, y + 17);
        pen.setFont(font.deriveFont(11f));
        pen.setColor(SOFT);
        pen.drawString(fit(scores(sample), pen.getFontMetrics(), width), x, y + 33);
    }

    private static String scores(Sample sample) {
        return sample.scores().entrySet().stream()
                .map(score -> String.format(Locale.ROOT, "%s %.2f", score.getKey(), score.getValue()))
                .collect(Collectors.joining("  "));
    }

    /** The text, or as much of it as fits with an ellipsis. */
    static String fit(String text, FontMetrics metrics, int width) {
        if (metrics.stringWidth(text) <= width) {
            return text;
        }
        int end = text.length();
        while (end > 0 && metrics.stringWidth(text.substring(0, end) + "…") > width) {
            end = text.offsetByCodePoints(end, -1);
        }
        return text.substring(0, end) + "…";
    }

    private static int enlargement(BufferedImage image) {
        return Math.max(1, CELL_WIDTH / image.getWidth());
    }

    private static int shownWidth(BufferedImage image) {
        return image.getWidth() * enlargement(image);
    }

    private static int shownHeight(BufferedImage image) {
        return image.getHeight() * enlargement(image);
    }

    private static BufferedImage decode(Sample sample) {
        try {
            BufferedImage image = ImageIO.read(sample.png().newInput());
            if (image == null) {
                throw new IllegalArgumentException("the sample of '" + sample.prompt() + "' is not an image");
            }
            return image;
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read the sample of '" + sample.prompt() + "'", unreadable);
        }
    }

    private static byte[] encode(BufferedImage image) {
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
            ImageIO.write(image, "png", bytes);
            return bytes.toByteArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException("cannot encode a grid", impossible);
        }
    }
}
