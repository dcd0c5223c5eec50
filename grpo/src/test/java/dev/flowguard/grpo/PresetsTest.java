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
    void everyPresetSaysWhatItIsAndCanLayOutAGroup() {
        assertThat(Presets.all()).hasSize(9).allSatisfy(preset -> {
            assertThat(preset.description()).isNotBlank().hasSizeLessThan(90).doesNotContain("\n");
            assertThat(preset.source()).contains("arXiv:");
            assertThat(preset.layout(new GroupKey(1, 0, 0)).tuples()).isPositive();
        });
        assertThat(Presets.all()).extracting(Preset::name).doesNotHaveDuplicates();
    }

    @Test
    void flowGrpoFastIsThePublishedConfig() {
        Preset preset = Presets.named("flow-grpo-fast");
        assertThat(preset.guidanceScale()).isEqualTo(1);
        assertThat(preset.kernel()).isEqualTo(new Cps(.8));
        assertThat(preset.plan()).isEqualTo(new Window(0, 2, 3));
        assertThat(preset.objective()).isEqualTo(Objective.flowGrpo(ClipRange.symmetric(1e-5)));
        assertThat(preset.klToReference().enabled()).isFalse();
    }

    @Test
    void danceGrpoIsThePublishedScript() {
        Preset preset = Presets.named("dance-grpo");
        assertThat(preset.trainingSteps()).isEqualTo(16);
        assertThat(preset.kernel()).isEqualTo(new DanceSde(.3));
        assertThat(preset.plan()).isEqualTo(new TimestepFraction(.6));
        assertThat(preset.exploration()).isEqualTo(new Chains(Chains.InitialNoise.SHARED));
        assertThat(preset.groupSize()).isEqualTo(12);
        assertThat(preset.objective()).isEqualTo(Objective.flowGrpo(ClipRange.symmetric(1e-4)));
        assertThat(preset.optimizer().learningRate()).isEqualTo(1e-5);
        assertThat(preset.ema().decay()).isEqualTo(.995);
    }

    @Test
    void mixGrpoIsThePublishedScript() {
        Preset preset = Presets.named("mix-grpo");
        assertThat(preset.trainingSteps()).isEqualTo(25);
        assertThat(preset.kernel()).isEqualTo(new FlowSde(.7));
        assertThat(preset.plan()).isEqualTo(new MovingWindow(4, 1, new Dwell.Constant(25), true));
        assertThat(preset.exploration()).isEqualTo(new Chains(Chains.InitialNoise.SHARED));
        assertThat(preset.advantages()).isEqualTo(new CombinedAdvantage(5));
    }

    @Test
    void grpoGuardGoesOverOtherKernelsAndWindows() {
        Preset dance = Presets.named("grpo-guard-dance");
        assertThat(dance.kernel()).isEqualTo(new DanceSde(.3));
        assertThat(dance.objective()).isEqualTo(Objective.grpoGuard(ClipRange.symmetric(2e-6)));
        assertThat(dance.stepWeight()).isEqualTo(StepWeight.BETA_OVER_DT);
        assertThat(dance.optimizer().learningRate()).isEqualTo(2e-4);
        Preset fast = Presets.named("grpo-guard-fast");
        assertThat(fast.toBuilder().plan(new AllButLast()).build().plan())
                .isEqualTo(Presets.named("grpo-guard").plan());
        assertThat(fast.plan()).isEqualTo(new Window(0, 3, 2));
    }

    @Test
    void tempFlowBranchesFourSeedsSixTimesAtEveryStepButTheLast() {
        Preset preset = Presets.named("tempflow-grpo");
        GroupLayout layout = preset.layout(new GroupKey(1, 0, 0));
        assertThat(layout.origins()).isEqualTo(4);
        assertThat(layout.comparisons()).hasSize(36);
        assertThat(preset.stepWeight()).isEqualTo(StepWeight.RELATIVE_NOISE);
        assertThat(preset.objective()).isEqualTo(Presets.named("flow-grpo").objective());
        assertThat(preset.advantages()).isEqualTo(new GroupAdvantage(Spread.GROUP, 5));
        assertPaperSizes(preset);
    }

    @Test
    void flowDppoTrustsTheDivergence() {
        Preset preset = Presets.named("flow-dppo");
        assertThat(preset.objective()).isEqualTo(new Objective(ImportanceRatio.DENSITY, new DivergenceMask(1e-5, 0)));
        assertThat(preset.plan()).isEqualTo(new RandomSubset(3, .5));
        assertThat(preset.groupSize()).isEqualTo(16);
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
