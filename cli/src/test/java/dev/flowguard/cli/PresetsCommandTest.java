package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class PresetsCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.commandLine(new PrintWriter(out), new PrintWriter(err)).execute(arguments);
    }

    @Test
    void listsEveryPresetWithItsSource() {
        assertThat(run("presets")).isZero();

        for (Preset preset : Presets.all()) {
            assertThat(out.toString()).contains(preset.name(), preset.description(), preset.source());
        }
    }

    @Test
    void showsTheSettingsOfOneAsARecipeWouldWriteThem() {
        assertThat(run("presets", "mix-grpo")).isZero();

        assertThat(out.toString())
                .contains("arXiv:2507.21802")
                .containsPattern("sampling.stochastic_steps +\\{moving_window: \\{size: 4, stride: 1, dwell: 25")
                .containsPattern("objective.clip_range +c, epsilon +1.0E-4")
                .containsPattern("objective.advantage +A +combined")
                .containsPattern("groups.size +G +12");
    }

    @Test
    void namesTheNearestOfAnUnknownName() {
        assertThat(run("presets", "grpo-gard")).isEqualTo(2);

        assertThat(err.toString()).contains("did you mean 'grpo-guard'?");
    }
}
