package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How a component of a pipeline is called in Python.
 *
 * @param arguments what goes in
 * @param outputs names of what comes out, the one that Python returns first at the beginning
 */
public record Signature(List<Argument> arguments, List<String> outputs) {

    /**
     * One argument.
     *
     * @param name in Python
     * @param sizes of the dimensions: a number, or a letter for any size, the same one wherever the letter stands
     * @param ids one more than the largest value, where the values are integers from 0; 0 where they are real numbers
     * @param required whether Python cannot do without it
     */
    public record Argument(String name, List<String> sizes, long ids, boolean required) {

        /** Copies the sizes. */
        public Argument {
            sizes = List.copyOf(sizes);
        }

        /** Whether the values are integers. */
        public boolean isInteger() {
            return ids > 0;
        }

        /** @param sizes separated by spaces, such as {@code B 16 H W} */
        static Argument reals(String name, String sizes) {
            return new Argument(name, Arrays.asList(sizes.split(" ", -1)), 0, true);
        }

        /** Token ids, one row a prompt. */
        static Argument ids(long vocabularySize) {
            return new Argument("input_ids", List.of("B", "L"), vocabularySize, true);
        }

        /** 1 for tokens that others attend to, 0 for the rest; all are 1 where it is not given. */
        static Argument attentionMask() {
            return new Argument("attention_mask", List.of("B", "L"), 2, false);
        }
    }

    public Signature {
        arguments = List.copyOf(arguments);
        outputs = List.copyOf(outputs);
    }

    /** The names of {@link #putHiddenStates} for n layers. */
    static Stream<String> hiddenStates(int layers) {
        return IntStream.rangeClosed(-layers - 1, layers).mapToObj(Signature::hiddenState);
    }

    /** What Python has as {@code hidden_states[i]}, from the first and from the last one. */
    static void putHiddenStates(Map<String, Tensor> outputs, List<Tensor> states) {
        for (int i = 0; i < states.size(); i++) {
            outputs.put(hiddenState(i), states.get(i));
            outputs.put(hiddenState(i - states.size()), states.get(i));
        }
    }

    private static String hiddenState(int index) {
        return "hidden_states." + index;
    }
}
