package dev.flowguard.learner.training;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RewardAddress;
import dev.flowguard.proto.v1.AdapterSettings;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Sampling;
import dev.flowguard.proto.v1.TransitionKernel;
import dev.flowguard.tensor.InputException;

/** Tells workers what they need to know of a run. */
final class RunSettingsWriter {
    private RunSettingsWriter() {}

    /**
     * A run's settings as they travel.
     *
     * @param workersPipeline the pipeline directory as workers see it
     * @param pipelineSha256 digest of the transformer's weights
     * @throws InputException if a reward has no address
     */
    static RunSettings write(
            Recipe recipe,
            SigmaSchedule training,
            SigmaSchedule evaluation,
            String workersPipeline,
            ByteString pipelineSha256) {
        RunSettings.Builder settings = RunSettings.newBuilder()
                .setRunId(recipe.name())
                .setPipelinePath(workersPipeline)
                .setPipelineSha256(pipelineSha256)
                .setHeight(recipe.model().height())
                .setWidth(recipe.model().width())
                .setGuidanceScale(recipe.sampling().guidanceScale())
                .setTrueCfgScale(recipe.sampling().trueCfgScale())
                .setNegativePrompt(recipe.sampling().negativePrompt())
                .setAdapter(adapter(recipe.adapter()))
                .setSampling(sampling(training)
                        .setKernel(TransitionKernel.newBuilder()
                                .setName(recipe.sampling().kernel())
                                .setNoiseLevel(recipe.sampling().noiseLevel())))
                .setEvaluation(sampling(evaluation));
        Recipe.Model model = recipe.model();
        settings.setTransformerDtype(model.transformerDtype())
                .setTextEncoderDtype(model.textEncoderDtype())
                .setVaeDtype(model.vaeDtype())
                .setReleaseTextEncoders(model.releasesTextEncoders());
        if (model.variant() != null) {
            settings.setVariant(model.variant());
        }
        if (model.promptCache() != null) {
            settings.setPromptCache(model.promptCache());
        }
        if (model.maxSequenceLength() != null) {
            settings.setMaxSequenceLength(model.maxSequenceLength());
        }
        // Without a size, a group goes through the model whole; a tree's front is many times as large, and is not for
        // that.
        if (recipe.groups().microBatchSize() != null || recipe.sampling().branches() != null) {
            settings.setMicroBatchSize(recipe.groups().microBatch());
        }
        for (Recipe.Reward reward : recipe.rewards()) {
            settings.addRewards(endpoint(reward, reward.address()));
        }
        return settings.build();
    }

    private static AdapterSettings.Builder adapter(Recipe.Adapter adapter) {
        AdapterSettings.Builder settings =
                AdapterSettings.newBuilder().setRank(adapter.rank()).setAlpha(adapter.loraAlpha());
        adapter.targetModules().describe(settings::addAllTargetModules, settings::setTargetModulesPattern);
        return settings;
    }

    private static Sampling.Builder sampling(SigmaSchedule schedule) {
        Sampling.Builder sampling = Sampling.newBuilder().setSigmasSha256(ByteString.copyFrom(schedule.sha256()));
        for (double sigma : schedule.toArray()) {
            sampling.addSigmas(sigma);
        }
        return sampling;
    }

    /**
     * A reward's endpoint as it travels.
     *
     * @throws InputException if it has no address
     */
    static RewardEndpoint endpoint(Recipe.Reward reward, RewardAddress address) {
        if (address.target().isEmpty()) {
            throw new InputException(
                    "reward '" + reward.name() + "' has no address: write rewards[].target in the recipe,"
                            + " such as localhost:7070, or start the learner with --flowguard.learner.reward-targets."
                            + reward.name() + "=HOST:PORT");
        }
        long nanos = Math.round(reward.deadlineSeconds() * 1e9);
        return RewardEndpoint.newBuilder()
                .setName(reward.name())
                .setTarget(address.target())
                .setScorerId(reward.scorer())
                .setDeadline(
                        Duration.newBuilder().setSeconds(nanos / 1_000_000_000L).setNanos((int)
                                (nanos % 1_000_000_000L)))
                .setTrain(reward.proxy())
                .setMayBeMissing(reward.optional())
                .setVersion(address.version())
                .setWeightsSha256(ByteString.fromHex(address.weightsSha256()))
                .build();
    }
}
