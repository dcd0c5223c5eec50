package dev.flowguard.models;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.flowguard.tensor.InputException;

/** Regular expressions over module paths, which come from people and from files: their time is linear, their size bounded. */
final class ModulePattern {

    /** Longer than any list of layers that someone writes down. */
    private static final int MAX_LENGTH = 10_000;

    private ModulePattern() {}

    /** @param key where it comes from */
    static Pattern compile(String key, String expression) {
        if (expression.length() > MAX_LENGTH) {
            throw new InputException("LoRA " + key + ": a regular expression of " + expression.length()
                    + " characters is too long: at most " + MAX_LENGTH);
        }
        try {
            return Pattern.compile(expression);
        } catch (PatternSyntaxException e) {
            throw new InputException(
                    "LoRA " + key + " '" + expression + "' is no regular expression (" + e.getDescription()
                            + "): look-around and back-references are not supported; a list of names is",
                    e);
        }
    }
}
