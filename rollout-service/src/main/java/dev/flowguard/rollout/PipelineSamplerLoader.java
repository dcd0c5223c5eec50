package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.grpo.OdeKernel;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.TrajectorySampler;
import dev.flowguard.grpo.TransitionKernel;
import dev.flowguard.models.FlowPipeline;
import dev.flowguard.models.LoadOptions;
import dev.flowguard.models.LoadOptions.EncoderUse;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.LoraInitialization;
import dev.flowguard.models.LoraTargets;
import dev.flowguard.models.PipelineDigest;
import dev.flowguard.proto.v1.AdapterSettings;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Sampling;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.nio.file.Path;

/**
 * Loads the run's diffusers pipeline and attaches an untrained adapter.
 *
 * @param device where it samples
 */
record PipelineSamplerLoader(Device device) implements GroupSampler.Loader {

    @Override
    public GroupSampler load(RunSettings settings) {
        Path folder = Path.of(settings.getPipelinePath());
        requireSameWeights(folder, settings.getPipelineSha256());
        TrajectorySampler training = sampler(settings.getSampling());
        TrajectorySampler evaluation = sampler(settings.getEvaluation());
        FlowPipeline pipeline = FlowPipeline.load(folder, options(settings));
        try {
            // Fails now rather than in the first group where the model cannot draw that size.
            pipeline.latentShape(settings.getHeight(), settings.getWidth());
            // What A is drawn from does not matter: nothing is sampled before the first policy is bound.
            LoraAdapter adapter = pipeline.transformer().attachAdapter(lora(settings.getAdapter()), 0);
            return new PipelineSampler(settings, pipeline, adapter, training, evaluation);
        } catch (RuntimeException e) {
            pipeline.close();
            throw e;
        }
    }

    private LoadOptions options(RunSettings settings) {
        String cache = settings.getPromptCache();
        return LoadOptions.on(device)
                .withTypes(
                        type(settings.getTransformerDtype()),
                        type(settings.getTextEncoderDtype()),
                        type(settings.getVaeDtype()))
                .withVariant(settings.getVariant().isEmpty() ? null : settings.getVariant())
                .withEncoderUse(settings.getReleaseTextEncoders() ? EncoderUse.RELEASE : EncoderUse.KEEP)
                .withPromptCache(cache.isEmpty() ? null : Path.of(cache))
                .withMaxSequenceLength(settings.getMaxSequenceLength() == 0 ? null : settings.getMaxSequenceLength());
    }

    private static DType type(String text) {
        return text.isEmpty() ? DType.FLOAT32 : DType.parse(text);
    }

    private static void requireSameWeights(Path folder, ByteString wanted) {
        ByteString found = ByteString.copyFrom(PipelineDigest.ofTransformer(folder));
        if (!found.equals(wanted)) {
            throw new InputException(folder + " is another base model than the run's (SHA-256 " + Sha256.brief(found)
                    + "... where " + Sha256.brief(wanted) + "... is wanted): copy the learner's folder here");
        }
    }

    private static TrajectorySampler sampler(Sampling sampling) {
        double[] sigmas = sampling.getSigmasList().stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
        TransitionKernel kernel = sampling.hasKernel()
                ? TransitionKernel.named(
                        sampling.getKernel().getName(), sampling.getKernel().getNoiseLevel())
                : new OdeKernel();
        return new TrajectorySampler(SigmaSchedule.of(sigmas), kernel);
    }

    private static LoraConfig lora(AdapterSettings adapter) {
        LoraTargets targets = adapter.getTargetModulesPattern().isEmpty()
                ? LoraTargets.named(adapter.getTargetModulesList())
                : LoraTargets.matching(adapter.getTargetModulesPattern());
        return new LoraConfig(adapter.getRank(), adapter.getAlpha(), targets, LoraInitialization.GAUSSIAN);
    }
}
