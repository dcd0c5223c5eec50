package dev.flowguard.cli.report;

import java.awt.Font;
import java.awt.FontFormatException;
import java.io.IOException;
import java.io.InputStream;

/** DejaVu Sans out of a jar, so that a picture does not depend on the machine's fonts. */
final class BundledFont {

    private static final String FACE = "/net/sf/jasperreports/fonts/dejavu/DejaVuSans.ttf";

    private BundledFont() {}

    /** The face at one point; derive what is wanted. */
    static Font load() {
        try (InputStream stream = BundledFont.class.getResourceAsStream(FACE)) {
            if (stream == null) {
                throw new IllegalStateException("the class path lacks " + FACE);
            }
            return Font.createFont(Font.TRUETYPE_FONT, stream);
        } catch (IOException | FontFormatException unreadable) {
            throw new IllegalStateException("cannot read " + FACE, unreadable);
        }
    }
}
