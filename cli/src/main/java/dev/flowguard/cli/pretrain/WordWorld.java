package dev.flowguard.cli.pretrain;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * The world that the quickstart model lives in: grey signs of 64 x 32 pixels, each showing one word of four capital
 * letters in DejaVu Sans Mono Bold, in dark ink on white, up to one pixel off centre.
 *
 * <p>One face and sixteen letters, because font variety, not image size, makes the task hard for a model this small. The
 * face comes out of a jar, so that a picture does not depend on the machine's fonts. Not thread-safe.
 */
final class WordWorld {

    static final int WIDTH = 64;
    static final int HEIGHT = 32;
    static final int LETTERS_PER_WORD = 4;
    /** How far a sign may be off centre, in pixels each way. */
    static final int JITTER = 1;

    static final String ALPHABET = "ACDEHKLMNPRTUVXY";

    private static final String FACE = "/net/sf/jasperreports/fonts/dejavu/DejaVuSansMono-Bold.ttf";
    private static final float FACE_PIXELS = 24;
    private static final int DARKEST_INK = 0;
    private static final int LIGHTEST_INK = 60;

    private final BufferedImage canvas = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
    private final Font face = loadFace();

    /** The prompt that asks for a word. The quotes mark the target of the OCR reward. */
    static String prompt(String word) {
        return "a sign saying \"" + word + "\"";
    }

    /** The word that a prompt asks for: what stands between its first two quotes; empty where there is none. */
    static Optional<String> quoted(String prompt) {
        int opening = prompt.indexOf('"');
        int closing = prompt.indexOf('"', opening + 1);
        return opening < 0 || closing < 0 ? Optional.empty() : Optional.of(prompt.substring(opening + 1, closing));
    }

    /** A word of independent, uniformly drawn letters that is not in {@code heldOut}. */
    static String randomWord(RandomGenerator random, Set<String> heldOut) {
        while (true) {
            StringBuilder word = new StringBuilder(LETTERS_PER_WORD);
            for (int i = 0; i < LETTERS_PER_WORD; i++) {
                word.append(randomLetter(random));
            }
            if (!heldOut.contains(word.toString())) {
                return word.toString();
            }
        }
    }

    /**
     * A caption as people write them: each letter is wrong with probability {@code noise}. A model trained on such
     * captions draws crisp signs and misspells them.
     */
    static String careless(String word, double noise, RandomGenerator random) {
        StringBuilder caption = new StringBuilder(word);
        for (int i = 0; i < word.length(); i++) {
            if (random.nextDouble() < noise) {
                caption.setCharAt(i, randomLetter(random));
            }
        }
        return caption.toString();
    }

    private static char randomLetter(RandomGenerator random) {
        return ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    }

    /**
     * Draws a sign with random ink and jitter.
     *
     * @return pixels in [-1, 1], {@code [3, HEIGHT, WIDTH]} row-major, the three channels equal
     */
    float[] draw(String word, RandomGenerator random) {
        int ink = random.nextInt(DARKEST_INK, LIGHTEST_INK + 1);
        byte[] grey = draw(word, ink, random.nextInt(-JITTER, JITTER + 1), random.nextInt(-JITTER, JITTER + 1));
        float[] pixels = new float[3 * grey.length];
        for (int i = 0; i < grey.length; i++) {
            float value = (grey[i] & 0xff) / 127.5f - 1;
            pixels[i] = value;
            pixels[grey.length + i] = value;
            pixels[2 * grey.length + i] = value;
        }
        return pixels;
    }

    /**
     * Draws the sign that all others of its word vary about: medium ink, on centre.
     *
     * @return 8-bit grey, {@code [HEIGHT, WIDTH]}; overwritten by the next sign
     */
    byte[] drawTypical(String word) {
        return draw(word, (DARKEST_INK + LIGHTEST_INK) / 2, 0, 0);
    }

    private byte[] draw(String word, int ink, int right, int down) {
        Graphics2D graphics = canvas.createGraphics();
        try {
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, WIDTH, HEIGHT);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.setFont(face);
            graphics.setColor(new Color(ink, ink, ink));
            FontMetrics metrics = graphics.getFontMetrics();
            int capHeight = (int) face.createGlyphVector(graphics.getFontRenderContext(), "H")
                    .getVisualBounds()
                    .getHeight();
            graphics.drawString(word, (WIDTH - metrics.stringWidth(word)) / 2 + right, (HEIGHT + capHeight) / 2 + down);
        } finally {
            graphics.dispose();
        }
        return ((DataBufferByte) canvas.getRaster().getDataBuffer()).getData();
    }

    private static Font loadFace() {
        try (InputStream data = WordWorld.class.getResourceAsStream(FACE)) {
            if (data == null) {
                throw new IllegalStateException("The font " + FACE + " is not on the class path");
            }
            return Font.createFont(Font.TRUETYPE_FONT, data).deriveFont(FACE_PIXELS);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the font " + FACE, e);
        } catch (FontFormatException e) {
            throw new IllegalStateException("The font " + FACE + " is damaged", e);
        }
    }
}
