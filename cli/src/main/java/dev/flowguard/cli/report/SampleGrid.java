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
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/** Draws a sheet of samples as one picture: images in rows, under each its prompt and its scores. */
public final class SampleGrid {

    /** Images are shown at least this wide; smaller ones are enlarged by a whole factor, so that pixels stay square. */
    private static final int CELL_WIDTH = 192;

    private static final int GAP = 20;
    private static final int LINE_HEIGHT = 16;

    /** What a caption needs beside its lines. */
    private static final int CAPTION_MARGIN = 8;

    private static final Color PAPER = new Color(0xfbfaf7);
    private static final Color INK = new Color(0x22282e);
    private static final Color SOFT = new Color(0x66707a);
    private static final Color LINE = new Color(0xe6e3dc);

    private static final String BETWEEN_SCORES = "  ";

    private final int columns;
    private final FontMetrics promptFont;
    private final FontMetrics scoreFont;

    /** A grid of that many columns. */
    public SampleGrid(int columns) {
        this.columns = columns;
        Graphics2D probe = pen(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
        Font font = BundledFont.load();
        this.promptFont = probe.getFontMetrics(font.deriveFont(12f));
        this.scoreFont = probe.getFontMetrics(font.deriveFont(11f));
        probe.dispose();
    }

    private static Graphics2D pen(BufferedImage image) {
        Graphics2D pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        return pen;
    }

    /** The grid as a PNG. */
    public byte[] draw(SampleSheet sheet) {
        List<BufferedImage> images =
                sheet.samples().stream().map(SampleGrid::decode).toList();
        int width = images.stream().mapToInt(SampleGrid::shownWidth).max().orElse(CELL_WIDTH);
        int height = images.stream().mapToInt(SampleGrid::shownHeight).max().orElse(CELL_WIDTH);
        int rows = Math.max(1, (images.size() + columns - 1) / columns);
        List<Caption> captions =
                sheet.samples().stream().map(sample -> caption(sample, width)).toList();
        int captionHeight = CAPTION_MARGIN
                + LINE_HEIGHT * captions.stream().mapToInt(Caption::lines).max().orElse(1);
        BufferedImage grid = new BufferedImage(
                GAP + columns * (width + GAP), GAP + rows * (height + captionHeight + GAP), BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = pen(grid);
        try {
            pen.setColor(PAPER);
            pen.fillRect(0, 0, grid.getWidth(), grid.getHeight());
            for (int i = 0; i < images.size(); i++) {
                int x = GAP + i % columns * (width + GAP);
                int y = GAP + i / columns * (height + captionHeight + GAP);
                drawImage(pen, images.get(i), x, y);
                drawCaption(pen, captions.get(i), x, y + height);
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

    private void drawCaption(Graphics2D pen, Caption caption, int x, int y) {
        int baseline = y + LINE_HEIGHT + 1;
        pen.setFont(promptFont.getFont());
        pen.setColor(INK);
        pen.drawString(caption.prompt(), x, baseline);
        pen.setFont(scoreFont.getFont());
        pen.setColor(SOFT);
        for (String line : caption.scores()) {
            baseline += LINE_HEIGHT;
            pen.drawString(line, x, baseline);
        }
    }

    /**
     * What stands under an image.
     *
     * @param prompt one line
     * @param scores as many lines as they need
     */
    private record Caption(String prompt, List<String> scores) {
        int lines() {
            return 1 + scores.size();
        }
    }

    private Caption caption(Sample sample, int width) {
        List<String> scores = sample.scores().entrySet().stream()
                .map(score -> score.getKey() + " " + ScoreText.brief(score.getValue()))
                .toList();
        return new Caption(fit(sample.prompt(), promptFont, width), wrap(scores, scoreFont, width));
    }

    /** The words in lines of that width at most; a word that is too long for a line is cut. */
    static List<String> wrap(List<String> words, FontMetrics metrics, int width) {
        List<String> lines = new ArrayList<>();
        String line = "";
        for (String word : words) {
            String longer = line.isEmpty() ? word : line + BETWEEN_SCORES + word;
            if (!line.isEmpty() && metrics.stringWidth(longer) > width) {
                lines.add(line);
                longer = word;
            }
            line = fit(longer, metrics, width);
        }
        if (!line.isEmpty()) {
            lines.add(line);
        }
        return lines;
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
