package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.grpo.KlToReference.Form;
import dev.flowguard.tensor.AdamWConfig;
import dev.flowguard.tensor.InputException;
import org.junit.jupiter.api.Test;

class PresetsTest {

    @Test
    void flowGrpoIsThePapersTable() {
        Preset preset = Presets.named("flow-grpo");
        assertThat(preset.kernel()).isEqualTo(new FlowSde(.7));
        assertThat(preset.plan()).isEqualTo(new AllButLast());
        assertThat(preset.advantages()).isEqualTo(new GroupAdvantage(Spread.ITERATION, 5));
        assertThat(preset.objective()).isEqualTo(Objective.flowGrpo(new ClipRange(1e-4, 1e-4)));
        assertThat(preset.klToReference()).isEqualTo(new KlToReference(.004, Form.TRUE));
        assertThat(preset.optimizer()).isEqualTo(new AdamWConfig(3e-4, .9, .999, 1e-8, 1e-4));
        assertPaperSizes(preset);
    }

    @Test
    void grpoGuardChangesRatioClipLearningRateSpreadAndKl() {
        Preset preset = Presets.named("grpo-guard");
        assertThat(preset.kernel()).isEqualTo(new FlowSde(.7));
        assertThat(preset.plan()).isEqualTo(new AllButLast());
        assertThat(preset.advantages()).isEqualTo(new GroupAdvantage(Spread.GROUP, 5));
        assertThat(preset.objective()).isEqualTo(Objective.grpoGuard(new ClipRange(2e-6, 2e-6)));
        assertThat(preset.stepWeight()).isEqualTo(StepWeight.INVERSE_DT);
        assertThat(preset.klToReference().enabled()).isFalse();
        assertThat(preset.optimizer()).isEqualTo(new AdamWConfig(1e-4, .9, .999, 1e-8, 1e-4));
        assertPaperSizes(preset);
    }

    @Test
    void anUnknownNameIsAnsweredWithTheNearest() {
        assertThatThrownBy(() -> Presets.named("grpo-gaurd"))
                .isInstanceOf(InputException.class)
                .hasMessage(
                        "preset 'grpo-gaurd' is unknown; did you mean 'grpo-guard'? There are flow-grpo, dance-grpo,"
                                + " mix-grpo, tempflow-grpo, flow-grpo-fast, grpo-guard, grpo-guard-dance, grpo-guard-fast,"
                                + " flow-dppo");
    }

    @Test
    void aRecipeChangesSingleSettings() {
        Preset preset = Presets.named("grpo-guard");
        assertThat(preset.toBuilder().build()).isEqualTo(preset);
        Preset changed = preset.toBuilder()
                .groupSize(12)
                .objective(preset.objective().withRegion(ClipRange.symmetric(4e-6)))
                .kernel(preset.kernel().withNoiseLevel(.9))
                .build();
        assertThat(changed.groupSize()).isEqualTo(12);
        assertThat(changed.objective()).isEqualTo(Objective.grpoGuard(ClipRange.symmetric(4e-6)));
        assertThat(changed.stepWeight()).isEqualTo(StepWeight.INVERSE_DT);
        assertThat(changed.kernel()).isEqualTo(new FlowSde(.9));
        assertThat(changed.optimizer()).isEqualTo(preset.optimizer());
    }

    @Test
    void settingsOutsideTheirRangeAreNamedAsInARecipe() {
        PresetBuilder builder = Presets.named("grpo-guard").toBuilder();
        assertThatThrownBy(() -> builder.groupSize(1).build())
                .isInstanceOf(InputException.class)
                .hasMessageContaining("group_size is 1");
        assertThatThrownBy(() -> builder.groupSize(2).guidanceScale(Double.NaN).build())
                .hasMessageContaining("guidance_scale is NaN");
        assertThatThrownBy(() -> new PresetBuilder("mine", "nowhere").build()).hasMessageContaining("is missing");
    }

    private static void assertPaperSizes(Preset preset) {
        assertThat(preset.trainingSteps()).isEqualTo(10);
        assertThat(preset.evaluationSteps()).isEqualTo(40);
        assertThat(preset.guidanceScale()).isEqualTo(4.5);
        assertThat(preset.groupSize()).isEqualTo(24);
        assertThat(preset.groupsPerIteration()).isEqualTo(48);
        assertThat(preset.optimizerStepsPerIteration()).isEqualTo(2);
        assertThat(preset.ema()).isEqualTo(new EmaSchedule(.9, 8));
        assertThat(preset.maxGradientNorm()).isEqualTo(1);
        assertThat(preset.loraRank()).isEqualTo(32);
        assertThat(preset.loraAlpha()).isEqualTo(64);
    }
}
