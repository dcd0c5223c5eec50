package dev.flowguard.learner.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.grpo.Annealing;
import dev.flowguard.grpo.Chains;
import dev.flowguard.grpo.ClipRange;
import dev.flowguard.grpo.CombinedAdvantage;
import dev.flowguard.grpo.Dwell;
import dev.flowguard.grpo.GdpoAdvantage;
import dev.flowguard.grpo.ImportanceRatio;
import dev.flowguard.grpo.MovingWindow;
import dev.flowguard.grpo.Objective;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.grpo.RandomSubset;
import dev.flowguard.grpo.StepWeight;
import dev.flowguard.models.Guidance;
import dev.flowguard.models.LoadOptions;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.LoraInitialization;
import dev.flowguard.models.LoraTargets;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeLoaderTest {
    private static final String MINIMAL = """
            name: quickstart
            preset: grpo-guard
            iterations: 7
            model:
              pipeline: base
              height: 32
              width: 64
            prompts:
              train: train.txt
              held_out: held-out.txt
            groups:
              size: 12
              per_iteration: 8
            optimizer:
              learning_rate: 1e-3
            rewards:
              - name: ocr
                scorer: ocr
            """;

    private final Path directory;
    private final Path file;

    RecipeLoaderTest(@TempDir Path directory) {
        this.directory = directory;
        this.file = directory.resolve("run.yaml");
    }

    @BeforeEach
    void pipeline() throws IOException {
        pipeline("base", "StableDiffusion3Pipeline");
        pipeline("unet", "StableDiffusionPipeline");
        for (String flux : List.of("dev", "schnell")) {
            pipeline(flux, "FluxPipeline");
            Path transformer = Files.createDirectories(directory.resolve(flux + "/transformer"));
            Files.writeString(transformer.resolve("config.json"), "{\"guidance_embeds\": " + flux.equals("dev") + "}");
        }
    }

    private void pipeline(String name, String className) throws IOException {
        Path folder = Files.createDirectories(directory.resolve(name));
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"" + className + "\"}");
    }

    private Recipe load(String yaml) {
        return load(yaml, Overrides.none());
    }

    private Recipe load(String yaml, Overrides overrides) {
        try {
            Files.writeString(file, yaml);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return RecipeLoader.load(file, overrides);
    }

    private void assertRefused(String yaml, String... parts) {
        assertThatThrownBy(() -> load(yaml))
                .isInstanceOf(InputException.class)
                .message()
                .startsWith(file.toString())
                .contains(parts)
                .doesNotContain("\n");
    }

    @Test
    void targetModulesAreNamesOrAnExpressionAsInPeft() {
        Recipe.Adapter adapter = load(MINIMAL + "adapter: {target_modules: all-linear, init_lora_weights: true}\n")
                .adapter();
        assertThat(adapter.targetModules()).isEqualTo(LoraTargets.matching("all-linear"));
        assertThat(adapter.initLoraWeights()).isEqualTo(LoraInitialization.KAIMING);
        Recipe matched = load(MINIMAL + "adapter: {target_modules: '.*\\.attn\\.to_[qkv]'}\n");
        assertThat(matched.adapter().targetModules()).isEqualTo(LoraTargets.matching(".*\\.attn\\.to_[qkv]"));
        assertThat(load(RecipeLoader.toYaml(matched)).adapter()).isEqualTo(matched.adapter());
        assertRefused(MINIMAL + "adapter: {target_modules: '(attn'}\n", "adapter.target_modules", "(attn");
        assertRefused(MINIMAL + "adapter: {target_modules: []}\n", "target_modules");
        assertRefused(MINIMAL + "adapter: {init_lora_weights: pissa}\n", "init_lora_weights", "gaussian");
    }

    @Test
    void aModelIsLoadedAsTheRecipeSays() {
        assertThat(load(MINIMAL).model().loadOptions()).isEqualTo(LoadOptions.on(Device.cpu()));
        String model = MINIMAL.replace("  width: 64\n", """
                  width: 64
                  device: cuda:1
                  transformer_dtype: bfloat16
                  text_encoder_dtype: float16
                  variant: fp16
                  text_encoders: release
                  prompt_cache: cache
                  max_sequence_length: 128
                """);
        assertThat(load(model).model().loadOptions())
                .isEqualTo(LoadOptions.on(Device.cuda(1))
                        .withTypes(DType.BFLOAT16, DType.FLOAT16, DType.FLOAT32)
                        .withVariant("fp16")
                        .withEncoderUse(LoadOptions.EncoderUse.RELEASE)
                        .withPromptCache(directory.resolve("cache"))
                        .withMaxSequenceLength(128));
        assertRefused(model.replace("128", "513"), "model.max_sequence_length");
        assertRefused(model.replace("bfloat16", "bf16"), "model.transformer_dtype", "float32, float16 or bfloat16");
        assertRefused(model.replace("float16\n  variant", "float64\n  variant"), "model.text_encoder_dtype");
        assertRefused(model.replace("variant: fp16", "variant: ../fp16"), "model.variant");
        assertRefused(model.replace("release", "drop"), "model.text_encoders", "keep, or release");
        assertRefused(model.replace("prompt_cache: cache", ""), "model.text_encoders", "model.prompt_cache");
        assertRefused(model.replace("transformer_dtype", "transfomer_dtype"), "transformer_dtype");
    }

    @Test
    void thePresetFillsWhatTheFileLeavesOut() {
        Recipe recipe = load(MINIMAL);

        assertThat(recipe.sampling().noiseLevel()).isEqualTo(.7);
        assertThat(recipe.sampling().stochasticSteps()).isEqualTo(StochasticSteps.named("all-but-last"));
        assertThat(recipe.optimizer().learningRate()).isEqualTo(1e-3);
        assertThat(recipe.optimizer().stepsPerIteration()).isEqualTo(2);
        assertThat(recipe.adapter().targetModules()).isEqualTo(LoraTargets.named(LoraConfig.SD3_ATTENTION));
        assertThat(recipe.adapter().initLoraWeights()).isEqualTo(LoraInitialization.GAUSSIAN);
        assertThat(recipe.objective().clipRange().upper()).isNull();
        assertThat(recipe.rewards().get(0).proxy()).isTrue();
        assertThat(recipe.prompts().train())
                .isEqualTo(directory.resolve("train.txt").toString());
        Preset preset = RecipePreset.of(recipe);
        assertThat(preset.groupSize()).isEqualTo(12);
        assertThat(preset.optimizer().learningRate()).isEqualTo(1e-3);
    }

    @ParameterizedTest
    @CsvSource({"base,4.5,8", "dev,3.5,12", "schnell,1,12"})
    void theModelsFamilyDecidesWhatIsAdaptedAndHowItIsGuided(String pipeline, double guidanceScale, int targets) {
        Recipe recipe = load(MINIMAL.replace("pipeline: base", "pipeline: " + pipeline));

        assertThat(recipe.sampling().guidance()).isEqualTo(Guidance.of(guidanceScale));
        assertThat(recipe.adapter().targetModules().json())
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(targets)
                .contains("attn.add_q_proj");
    }

    @ParameterizedTest
    @CsvSource({
        "base,true_cfg_scale: 2,true_cfg_scale is FLUX's",
        "schnell,guidance_scale: 3.5,no guidance embedding",
        "dev,true_cfg_scale: 0,sampling.true_cfg_scale must be positive",
    })
    void guidanceThatTheModelHasNoUseForIsRefused(String pipeline, String setting, String why) {
        String recipe = MINIMAL.replace("pipeline: base", "pipeline: " + pipeline) + "sampling: {" + setting + "}\n";
        assertRefused(recipe, "sampling", why);
    }

    @Test
    void fluxTakesBothGuidancesAtOnce() {
        Recipe recipe = load(MINIMAL.replace("pipeline: base", "pipeline: dev")
                + "sampling: {guidance_scale: 2, true_cfg_scale: 4, negative_prompt: blurred}\n");

        assertThat(recipe.sampling().guidance()).isEqualTo(new Guidance(2, 4, "blurred"));
    }

    @Test
    void whatIsWrittenDownReadsBackTheSame() throws IOException {
        Recipe recipe = load(MINIMAL + """
                sampling:
                  num_inference_steps: 8
                  stochastic_steps: {window: {first_start: 0, last_start: 3, size: 2}}
                  shift: 3
                objective:
                  clip_range: 2e-6
                """);
        Path copy = directory.resolve("elsewhere/recipe.yaml");
        Files.createDirectories(copy.getParent());
        Files.writeString(copy, RecipeLoader.toYaml(recipe));

        assertThat(RecipeLoader.load(copy, Overrides.none())).isEqualTo(recipe);
        assertThat(recipe.objective().clipRange().upper()).isEqualTo(2e-6);
    }

    @Test
    void theCommandLineWins() {
        Recipe recipe = load(
                MINIMAL, new Overrides(null, 3, directory.resolve("out"), 9L, null, Map.of("ocr", "localhost:7070")));

        assertThat(recipe.iterations()).isEqualTo(3);
        assertThat(recipe.outputPath()).isEqualTo(directory.resolve("out"));
        assertThat(recipe.seed()).isEqualTo(9);
        assertThat(recipe.rewards().get(0).target()).isEqualTo("localhost:7070");
    }

    @Test
    void misspeltKeysAreNamedWithTheirLineAndTheNearestKnownOne() {
        assertRefused(
                MINIMAL.replace("learning_rate", "learning_rat"), ":15:", "optimizer.learning_rat", "'learning_rate'");
        assertRefused(
                MINIMAL.replace("scorer: ocr", "scorer: ocr\n    wieght: 2"), ":19:", "rewards[0].wieght", "'weight'");
        assertRefused(MINIMAL.replace("prompts:", "prompt:"), "prompts.train is missing", "'prompt' as 'prompts'");
        assertRefused(MINIMAL.replace("grpo-guard", "grpo-gard"), "grpo-guard");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "size: 12|size: 1|groups.size must be at least 2",
                "size: 12|size: many|groups.size",
                "size: 12|size:|groups.size has no value",
                "learning_rate: 1e-3|learning_rate: -1|optimizer.learning_rate must be positive",
                "learning_rate: 1e-3|steps_per_iteration: 9|optimizer.steps_per_iteration must be 1 to groups.per_iteration",
                "learning_rate: 1e-3|betas: [0.9]|optimizer.betas",
                "learning_rate: 1e-3|inner_epochs: 0|optimizer.inner_epochs",
                "learning_rate: 1e-3|schedule: {shape: cosine, final_share: 2}|optimizer.schedule",
                "height: 32|height: 32.5|model.height",
                "pipeline: base|pipeline: nowhere|model.pipeline cannot be: ",
                "pipeline: base|pipeline: unet|is 'StableDiffusionPipeline'",
                "pipeline: base|device: gpu|model.pipeline is missing",
                "iterations: 7|iterations: 0|iterations must be at least 1",
                "name: quickstart|name: Quick Start|name must be of a-z",
                "scorer: ocr|role: proxy|rewards[0].scorer is missing",
                "scorer: ocr|scorer: ocr, role: gold|not YAML",
            })
    void impossibleValuesAreRefusedByKey(String from, String to, String why) {
        assertThat(MINIMAL).contains(from);
        assertRefused(MINIMAL.replace(from, to), why);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "sampling: {noise_level: 0}|sampling.noise_level must be positive",
                "sampling: {num_inference_steps: 1}|sampling.num_inference_steps must be 2",
                "sampling: {num_inference_steps: 4, stochastic_steps: {window: {first_start: 0, last_start: 3, size: 2}}}"
                        + "|sampling.stochastic_steps",
                "sampling: {stochastic_steps: {random: 99}}|sampling.stochastic_steps",
                "sampling: {stochastic_steps: some}|'some' is unknown",
                "sampling: {kernel: brownian}|sampling.kernel",
                "objective: {clip_range: 1e-9}|objective.clip_range",
                "sampling: {num_inference_steps: 4, stochastic_steps: {moving_window: {size: 4, dwell: 25}}}"
                        + "|sampling.stochastic_steps",
                "sampling: {num_inference_steps: 2, stochastic_steps: {fraction: 0.6}}|sampling.stochastic_steps",
                "sampling: {stochastic_steps: {random: 3, fraction: 0.6}}|only one of window, moving_window",
                "sampling: {stochastic_steps: {first_part: 0.5}}|first_part belongs to random steps",
                "sampling: {stochastic_steps: {moving_window: {size: 4, dwel: 25}}}|did you mean 'dwell'?",
                "sampling: {initial_noise: mine}|'mine' is none of own, shared",
                "sampling: {branches: {per_step: 5, compared: seed}}|sampling.branches",
                "sampling: {branches: {per_step: 6, compared: all}}|'all' is none of seed, prompt",
                "objective: {ratio: norm}|'norm' is none of density, ratio-norm",
                "objective: {step_weight: dt}|'dt' is none of inverse-dt",
                "objective: {clip_range: {lower: 1e-6}}|objective.clip_range",
                "objective: {clip_range: {lower: 1e-6, upper: 1e-9}}|objective.clip_range cannot be: clip range",
                "objective: {clip_range: 1e-4, divergence_threshold: 1e-5}|a step has one trust region",
                "objective: {divergence_penalty: 1}|needs a divergence_threshold",
                "objective: {divergence_threshold: 0}|objective",
                "objective: {advantage: best}|'best' is none of group, combined, gdpo",
                "objective: {kl_schedule: falling}|'falling' is none of constant, linear, cosine",
                "objective: {clip_range: wide}|'wide' is no clip range",
                "objective: {kl_form: other}|objective.kl_form",
                "ema: {decay: 1}|ema.decay",
                "adapter: {rank: 0}|adapter.rank",
                "name: again|not YAML",
            })
    void impossibleSectionsAreRefusedByKey(String section, String why) {
        assertRefused(MINIMAL + section + "\n", why);
    }

    @ParameterizedTest
    @MethodSource("presets")
    void aPresetIsWhatItsSettingsInARecipeSay(String name) throws IOException {
        Preset preset = Presets.named(name);
        Recipe recipe = load("""
                name: all-of-the-preset
                preset: %s
                model: {pipeline: base, height: 512, width: 512}
                prompts: {train: train.txt, held_out: held-out.txt}
                rewards: [{name: ocr, scorer: ocr}]
                sampling: {guidance_scale: 1}
                """.formatted(name));

        assertThat(RecipePreset.of(recipe))
                .isEqualTo(preset.toBuilder().guidanceScale(1).build());

        Path copy = directory.resolve("copy.yaml");
        Files.writeString(copy, RecipeLoader.toYaml(recipe));
        assertThat(RecipeLoader.load(copy, Overrides.none())).isEqualTo(recipe);
    }

    static Stream<String> presets() {
        return Presets.all().stream().map(Preset::name);
    }

    @Test
    void everySettingOfAnAlgorithmCanBeChangedByItself() {
        Recipe recipe = load(MINIMAL.replace(
                        "learning_rate: 1e-3",
                        "learning_rate: 1e-3\n  schedule: {shape: cosine, final_share: 0.1}\n  warmup_steps: 5\n  inner_epochs: 2")
                + """
                sampling:
                  stochastic_steps: {moving_window: {size: 3, stride: 2, dwell: {first: 30, last: 10}, roll_back: false}}
                  initial_noise: shared
                objective:
                  ratio: density
                  step_weight: inverse-beta-dt
                  clip_range: {lower: 1e-4, upper: 2e-4}
                  clip_space: ratio
                  advantage: gdpo
                  kl_beta: 0.01
                  kl_schedule: linear
                  kl_warmup_iterations: 3
                """);

        Preset preset = RecipePreset.of(recipe);

        assertThat(preset.plan()).isEqualTo(new MovingWindow(3, 2, new Dwell.Linear(30, 10), false));
        assertThat(preset.exploration()).isEqualTo(new Chains(Chains.InitialNoise.SHARED));
        assertThat(preset.objective()).isEqualTo(new Objective(ImportanceRatio.DENSITY, ClipRange.ofRatio(1e-4, 2e-4)));
        assertThat(preset.stepWeight()).isEqualTo(StepWeight.INVERSE_BETA_DT);
        assertThat(preset.advantages()).isEqualTo(new GdpoAdvantage(5));
        assertThat(preset.klAnnealing()).isEqualTo(new Annealing(Annealing.Shape.LINEAR, 3, 0));
        assertThat(preset.learningRateAnnealing()).isEqualTo(new Annealing(Annealing.Shape.COSINE, 5, .1));
        assertThat(recipe.optimizer().updatesPerIteration()).isEqualTo(4);
    }

    @Test
    void thePlanOfAFileTakesThePlaceOfThePresets() {
        Recipe recipe = load(
                MINIMAL + "sampling: {stochastic_steps: {random: 3}}\n",
                new Overrides("mix-grpo", null, null, null, null, Map.of()));

        assertThat(recipe.preset()).isEqualTo("mix-grpo");
        assertThat(RecipePreset.of(recipe).plan()).isEqualTo(new RandomSubset(3));
        assertThat(RecipePreset.of(recipe).advantages()).isEqualTo(new CombinedAdvantage(5));
    }

    @Test
    void aRunNeedsAProxyAndDistinctNames() {
        assertRefused(MINIMAL + "    role: gold\n", "role proxy");
        assertRefused(MINIMAL + "  - {name: ocr, scorer: jpeg}\n", "rewards[1].name is 'ocr' twice");
    }

    @Test
    void aScorerWithoutATargetTakesItsSettingsFromTheRecipe() {
        String yaml =
                MINIMAL + "    settings: {enlarge: 1, page_segmentation_mode: 11, data: ../tessdata, note: a/b}\n";

        assertThat(load(yaml).rewards().get(0).settings())
                .isEqualTo(Map.of(
                        "enlarge", "1",
                        "page_segmentation_mode", "11",
                        "data", directory.resolveSibling("tessdata").toString(),
                        "note", "a/b"));
        assertRefused(yaml + "    target: localhost:7070\n", "rewards[0].settings", "together with target");
        assertRefused(
                MINIMAL + "    settings: {Model Path: x}\n", "rewards[0].settings.Model Path", "no setting's name");
        assertRefused(MINIMAL + "    settings: {model: [a, b]}\n", "rewards[0].settings.model", "wrong kind");
    }

    @Test
    void aRewardMayBeOptionalAndPinned() {
        String optional = "  - {name: pick, scorer: pickscore, optional: true, version: 1, weights_sha256: "
                + "ab".repeat(32) + "}\n";
        Recipe.Reward pick = load(MINIMAL + optional).rewards().get(1);

        assertThat(pick.optional()).isTrue();
        assertThat(pick.address()).isEqualTo(new RewardAddress("", "1", "ab".repeat(32)));
        assertThat(load(MINIMAL).rewards().get(0).optional()).isFalse();
        assertRefused(MINIMAL + "    optional: true\n", "rewards", "must be there");
        assertRefused(MINIMAL + "    weights_sha256: ABCD\n", "rewards[0].weights_sha256", "64 hex digits");
        assertRefused(MINIMAL + "    version: ' '\n", "rewards[0].version", "blank");
        assertRefused(MINIMAL + "reward_swap: {shadow_groups: 0}\n", "reward_swap.shadow_groups");
        assertRefused(MINIMAL + "reward_swap: {min_rank_correlation: 2}\n", "reward_swap.min_rank_correlation");
        assertRefused(MINIMAL + "reward_swap: {max_mean_shift: -1}\n", "reward_swap.max_mean_shift");
        assertRefused(MINIMAL + "reward_swap: {max_failed_groups: -1}\n", "reward_swap.max_failed_groups");
    }

    @Test
    void settingsAreForAScorerInThisJvmOnly() {
        String yaml = MINIMAL + "    settings: {enlarge: 1}\n";

        assertThat(load(yaml, new Overrides(null, null, null, null, null, Map.of("ocr", "in-process:reward")))
                        .rewards()
                        .get(0)
                        .settings())
                .isEqualTo(Map.of("enlarge", "1"));
        assertThat(load(yaml, new Overrides(null, null, null, null, null, Map.of("ocr", "localhost:7070")))
                        .rewards()
                        .get(0)
                        .settings())
                .isEmpty();
    }

    @Test
    void noFileNoRecipe() {
        assertThatThrownBy(() -> RecipeLoader.load(directory.resolve("none.yaml"), Overrides.none()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("none.yaml");
        assertRefused("- just\n- a list\n", "holds no keys");
        assertRefused("name: [\n", "not YAML");
    }

    @Test
    void aRunGoesOnOnlyUnderTheSettingsThatItBeganWith() {
        Recipe began = load(MINIMAL);
        RecipeChange.requireCompatible(began, load(MINIMAL.replace("iterations: 7", "iterations: 70")), file);
        Recipe other = load(MINIMAL.replace("learning_rate: 1e-3", "learning_rate: 2e-3"));

        assertThatThrownBy(() -> RecipeChange.requireCompatible(began, other, file))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("optimizer.learning_rate is 0.002 but the run began with 0.001");
    }

    @Test
    void replayIsOffUntilItIsAskedFor() {
        assertThat(load(MINIMAL).experimentalReplay()).isNull();
        Recipe recipe = load(MINIMAL + "experimental_replay: {groups: 3}\n");
        assertThat(recipe.experimentalReplay()).isEqualTo(new Recipe.ReplaySettings(3, 4, .3, .1));
        assertThat(load(RecipeLoader.toYaml(recipe))).isEqualTo(recipe);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "groups: 9|experimental_replay.groups must be at most groups.per_iteration (8)",
                "max_age: 0|experimental_replay cannot be",
                "late_share: 1|experimental_replay cannot be",
                "weight_limit: -1|experimental_replay cannot be",
                "late: 1|experimental_replay.late is no key here",
            })
    void aReplayThatCannotBeIsRefused(String setting, String why) {
        assertRefused(MINIMAL + "experimental_replay: {" + setting + "}\n", why);
    }

    @Test
    void aReplayNeedsStepsAndAPolicyThatGoesOn() {
        String replay = MINIMAL + "experimental_replay: {late_share: 0.9}\n";
        assertRefused(
                replay + "sampling: {stochastic_steps: {window: {first_start: 4, last_start: 5, size: 2}}}\n",
                "experimental_replay.late_share leaves no step");
        assertRefused(
                replay.replace("rewards:", "sentinel: {action: rollback}\nrewards:")
                        .replace("  - name: ocr", "  - {name: gold, scorer: gold, role: gold}\n  - name: ocr"),
                "sentinel.action rollback");
    }

    @Test
    void aSentinelThatCannotDoItsWorkIsRefused() {
        String gold = MINIMAL + "  - {name: fidelity, scorer: reference-similarity, role: gold}\n";
        assertThat(load(gold + "sentinel: {action: rollback}\n").sentinel())
                .isEqualTo(new Recipe.Sentinel("rollback", 3, 2.5, 2, 3));
        assertRefused(gold + "sentinel: {action: rolback}\n", "sentinel.action", "did you mean 'rollback'?");
        assertRefused(gold + "sentinel: {patiense: 4}\n", "sentinel.patiense", "did you mean 'patience'?");
        assertRefused(gold + "sentinel: {patience: 0}\n", "sentinel.patience", "at least 1");
        assertRefused(gold + "sentinel: {margin: -1}\n", "sentinel.margin");
        assertRefused(gold + "sentinel: {kl_factor: 1}\n", "sentinel.kl_factor");
        assertRefused(gold + "sentinel: {max_rollbacks: 0}\n", "sentinel.max_rollbacks");
        assertRefused(gold + "sentinel: {action: raise-kl}\nobjective: {kl_beta: 0}\n", "kl_beta");
        assertRefused(MINIMAL + "sentinel: {action: stop}\n", "sentinel.action", "role gold");
        assertRefused(
                gold.replace("per_iteration: 8", "per_iteration: 8\n  max_staleness: 1")
                        + "sentinel: {action: rollback}\n",
                "max_staleness");
        assertRefused(
                MINIMAL + "  - {name: fidelity, scorer: reference-similarity, role: gold, references: none.jsonl}\n",
                "rewards[1].references",
                "index.jsonl");
        assertRefused(MINIMAL + "evaluation: {images_per_prompt: 0}\n", "evaluation.images_per_prompt");
    }

    /** Those whose model is bundled too: another's must be downloaded first. */
    static Stream<Path> bundled() {
        Path recipes = Path.of("..", "recipes");
        return Stream.of(
                        "quickstart.yaml",
                        "quickstart-watched.yaml",
                        "evidence/ocr.yaml",
                        "evidence/ocr-and-size.yaml",
                        "evidence/size.yaml")
                .map(recipes::resolve);
    }

    @ParameterizedTest
    @MethodSource("bundled")
    void everyRecipeOfTheBundledModelLoadsUnderEveryPreset(Path file) {
        for (Preset preset : Presets.all()) {
            Overrides overrides = new Overrides(preset.name(), null, null, null, null, Map.of());
            assertThat(RecipeLoader.load(file, overrides).preset()).isEqualTo(preset.name());
        }
    }
}
