package dev.flowguard.models;

import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** Every linear layer. */
record AllLinear() implements LoraTargets {

    @Override
    public Object json() {
        return ALL_LINEAR;
    }

    @Override
    public void describe(Consumer<List<String>> asNames, Consumer<String> asExpression) {
        asExpression.accept(ALL_LINEAR);
    }

    @Override
    public List<String> select(Collection<String> paths) {
        return List.copyOf(paths);
    }
}
