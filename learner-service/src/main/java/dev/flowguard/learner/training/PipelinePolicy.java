package dev.flowguard.learner.training;

import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.VelocityField;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.models.FlowPipeline;
import dev.flowguard.models.GuidedVelocity;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.NoiseRange;
import dev.flowguard.models.PipelineDigest;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A pipeline's transformer with a LoRA. Owns both. */
final class PipelinePolicy implements Policy {
    private final FlowPipeline pipeline;
    private final LoraAdapter adapter;
    private final Recipe recipe;

    private PipelinePolicy(FlowPipeline pipeline, LoraAdapter adapter, Recipe recipe) {
        this.pipeline = pipeline;
        this.adapter = adapter;
        this.recipe = recipe;
    }

    /**
     * Loads the base model and attaches a fresh adapter, seeded by the run's seed. Outside of any scope.
     *
     * @throws dev.flowguard.tensor.InputException if a file is missing or corrupt, or the recipe does not fit the model
     */
    static PipelinePolicy load(Recipe recipe) {
        FlowPipeline pipeline = FlowPipeline.load(
                Path.of(recipe.model().pipeline()), recipe.model().loadOptions());
        try {
            pipeline.latentShape(recipe.model().height(), recipe.model().width());
            if (recipe.model().gradientCheckpointing()) {
                pipeline.transformer().enableGradientCheckpointing();
            }
            LoraAdapter adapter =
                    pipeline.transformer().attachAdapter(recipe.adapter().toLoraConfig(), recipe.seed());
            return new PipelinePolicy(pipeline, adapter, recipe);
        } catch (RuntimeException e) {
            pipeline.close();
            throw e;
        }
    }

    @Override
    public void prepare(Stream<String> prompts) {
        if (recipe.model().releasesTextEncoders()) {
            pipeline.prepare(Stream.concat(prompts, Stream.of(recipe.sampling().negativePrompt())));
        }
    }

    @Override
    public byte[] weightsSha256() {
        return PipelineDigest.ofTransformer(Path.of(recipe.model().pipeline()));
    }

    @Override
    public SigmaSchedule schedule(int steps) {
        NoiseRange range = pipeline.noiseRange(
                steps,
                recipe.model().height(),
                recipe.model().width(),
                recipe.sampling().shift());
        return SigmaSchedule.shifted(steps, range.lowest(), range.shift());
    }

    @Override
    public Map<String, Tensor> parameters() {
        return adapter.parameters();
    }

    @Override
    public int modules() {
        return adapter.modules();
    }

    @Override
    public List<Long> latentShape() {
        return Arrays.stream(pipeline.latentShape(
                        recipe.model().height(), recipe.model().width()))
                .boxed()
                .toList();
    }

    @Override
    public VelocityField given(String prompt, int members) {
        return GuidedVelocity.of(
                pipeline,
                Collections.nCopies(members, prompt),
                recipe.sampling().guidance())::velocity;
    }

    @Override
    public <T> T asReference(Supplier<T> work) {
        return adapter.disabledDuring(work);
    }

    @Override
    public void close() {
        adapter.close();
        pipeline.close();
    }
}
