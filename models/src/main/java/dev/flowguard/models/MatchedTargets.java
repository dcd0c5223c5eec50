package dev.flowguard.models;

import com.google.re2j.Pattern;
import dev.flowguard.tensor.InputException;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** Layers whose whole path matches a regular expression. */
record MatchedTargets(String expression) implements LoraTargets {

    MatchedTargets {
        ModulePattern.compile("target_modules", expression);
    }

    @Override
    public Object json() {
        return expression;
    }

    @Override
    public void describe(Consumer<List<String>> asNames, Consumer<String> asExpression) {
        asExpression.accept(expression);
    }

    @Override
    public List<String> select(Collection<String> paths) {
        Pattern pattern = ModulePattern.compile("target_modules", expression);
        List<String> selected = paths.stream().filter(pattern::matches).toList();
        if (selected.isEmpty()) {
            throw new InputException("LoRA target_modules '" + expression
                    + "' matches no linear layer of the transformer: it must match whole paths, such as"
                    + " transformer_blocks.0.attn.to_q");
        }
        return selected;
    }
}
