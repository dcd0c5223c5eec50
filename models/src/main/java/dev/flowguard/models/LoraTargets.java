package dev.flowguard.models;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.flowguard.tensor.InputException;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/**
 * Which linear layers an adapter is attached to, in the words of PEFT's {@code target_modules}: a list of names, a regular
 * expression, or {@code all-linear}.
 *
 * <p>JSON and YAML hold a list or a string, as PEFT's own files do.
 */
public sealed interface LoraTargets permits NamedTargets, MatchedTargets, AllLinear {

    /** What PEFT calls every linear layer; upper and lower case are the same to it. */
    String ALL_LINEAR = "all-linear";

    /**
     * A layer is adapted if its path is one of these names, or ends with a dot and one of these.
     *
     * @throws InputException if there is none
     */
    static LoraTargets named(List<String> names) {
        return new NamedTargets(names);
    }

    /**
     * A layer is adapted if the whole of its path matches.
     *
     * @param expression in RE2's syntax, which matches in linear time; or {@code all-linear}
     * @throws InputException if it is no expression of that syntax
     */
    static LoraTargets matching(String expression) {
        return expression.equalsIgnoreCase(ALL_LINEAR) ? new AllLinear() : new MatchedTargets(expression);
    }

    /** What a file says: a list of strings or a string. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static LoraTargets of(Object value) {
        if (value instanceof String expression) {
            return matching(expression);
        }
        if (value instanceof List<?> names && names.stream().allMatch(String.class::isInstance)) {
            return named(names.stream().map(String.class::cast).toList());
        }
        throw new InputException("target_modules must be a list of names such as attn.to_q, a regular expression, or "
                + ALL_LINEAR + ", not " + value);
    }

    /** What a file says: a list of strings or a string. */
    @JsonValue
    Object json();

    /** Calls the consumer of names or that of the expression, for formats that keep them apart. */
    void describe(Consumer<List<String>> asNames, Consumer<String> asExpression);

    /**
     * The layers to adapt, in their order.
     *
     * @param paths of all linear layers of the network
     * @throws InputException if something that is asked for is not among them
     */
    List<String> select(Collection<String> paths);
}
