package dev.flowguard.cli;

import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.learner.recipe.PresetSheet;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code flowguard presets}: the algorithms that a recipe or {@code --preset} can name. */
@Command(
        name = "presets",
        description = "Lists the algorithms, or all settings of one in the words of recipes, with the papers' symbols.",
        mixinStandardHelpOptions = true)
final class PresetsCommand implements Runnable {

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "Which one; all of them without.")
    private @Nullable String name;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        if (name == null) {
            list(out);
        } else {
            show(PresetSheet.of(name), out);
        }
    }

    private static void list(PrintWriter out) {
        int widest = Presets.all().stream()
                .mapToInt(preset -> preset.name().length())
                .max()
                .orElseThrow();
        String line = "%-" + widest + "s  %s%n";
        for (Preset preset : Presets.all()) {
            out.printf(line, preset.name(), preset.description());
            out.printf(line, "", preset.source());
        }
        out.flush();
    }

    private static void show(PresetSheet sheet, PrintWriter out) {
        out.println(sheet.preset().name() + ": " + sheet.preset().description());
        out.println(sheet.preset().source());
        out.println();
        for (PresetSheet.Setting setting : sheet.settings()) {
            out.println("%-34s %-16s %s"
                    .formatted(setting.key(), setting.symbol(), setting.value())
                    .stripTrailing());
        }
        out.flush();
    }
}
