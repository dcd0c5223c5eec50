package dev.flowguard.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text with holes: {@code {{name}}} is filled with escaped text, {@code {{{name}}}} with markup that the caller has built.
 */
final class HtmlTemplate {

    private static final Pattern HOLE = Pattern.compile("\\{\\{\\{(\\w+)}}}|\\{\\{(\\w+)}}");

    private final String source;

    private HtmlTemplate(String source) {
        this.source = source;
    }

    /** The template that lies beside this class under the given name. */
    static HtmlTemplate named(String resource) {
        return new HtmlTemplate(resource("/dev/flowguard/cli/report/" + resource));
    }

    static HtmlTemplate of(String source) {
        return new HtmlTemplate(source);
    }

    /**
     * Fills every hole. What is filled in is never searched for holes again.
     *
     * @throws IllegalArgumentException where a hole has no value
     */
    String fill(Map<String, String> values) {
        Matcher holes = HOLE.matcher(source);
        return holes.replaceAll(hole -> {
            boolean markup = hole.group(1) != null;
            String name = markup ? hole.group(1) : hole.group(2);
            String value = values.get(name);
            if (value == null) {
                throw new IllegalArgumentException("the template wants '" + name + "', which has no value");
            }
            return Matcher.quoteReplacement(markup ? value : escape(value));
        });
    }

    /** Text as it must stand in HTML, inside an element or a quoted attribute. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }

    /** A text resource of the class path. */
    static String resource(String path) {
        try (InputStream stream = HtmlTemplate.class.getResourceAsStream(path)) {
            if (stream == null) {
                throw new IllegalStateException("the class path lacks " + path);
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + path + " from the class path", unreadable);
        }
    }
}
