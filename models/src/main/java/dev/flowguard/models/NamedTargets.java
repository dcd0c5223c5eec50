package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** Names of layers, or the ends of their paths. */
record NamedTargets(List<String> names) implements LoraTargets {

    NamedTargets {
        names = List.copyOf(names);
        if (names.isEmpty()) {
            throw new InputException("LoRA target_modules is empty: name at least one linear layer, such as attn.to_q");
        }
    }

    @Override
    public Object json() {
        return names;
    }

    @Override
    public void describe(Consumer<List<String>> asNames, Consumer<String> asExpression) {
        asNames.accept(names);
    }

    @Override
    public List<String> select(Collection<String> paths) {
        for (String name : names) {
            if (paths.stream().noneMatch(path -> matches(path, name))) {
                throw new InputException("LoRA target module '" + name
                        + "' names no linear layer of the transformer: names look like attn.to_q or ff.net.2");
            }
        }
        return paths.stream()
                .filter(path -> names.stream().anyMatch(name -> matches(path, name)))
                .toList();
    }

    private static boolean matches(String path, String name) {
        return path.equals(name) || path.endsWith("." + name);
    }
}
