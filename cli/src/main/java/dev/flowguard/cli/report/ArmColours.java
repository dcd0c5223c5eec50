package dev.flowguard.cli.report;

import java.awt.Color;
import java.util.List;
import java.util.Locale;

/** One colour an arm: most of them Okabe and Ito's, which colour-blind readers can tell apart. */
final class ArmColours {

    private static final List<Color> COLOURS = List.of(
            new Color(0xb9572e),
            new Color(0x2b6f6b),
            new Color(0x0072b2),
            new Color(0xcc79a7),
            new Color(0xe69f00),
            new Color(0x56b4e9),
            new Color(0x66707a),
            new Color(0x009e73));

    private ArmColours() {}

    /** The colour of arm number i; after eight they come again. */
    static Color of(int arm) {
        return COLOURS.get(arm % COLOURS.size());
    }

    /** The same as CSS writes it. */
    static String css(int arm) {
        return String.format(Locale.ROOT, "#%06x", of(arm).getRGB() & 0xffffff);
    }
}
