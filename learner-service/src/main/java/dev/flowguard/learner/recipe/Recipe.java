package dev.flowguard.learner.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.flowguard.grpo.ExperimentalReplay;
import dev.flowguard.models.Guidance;
import dev.flowguard.models.LoadOptions;
import dev.flowguard.models.LoadOptions.EncoderUse;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.LoraInitialization;
import dev.flowguard.models.LoraTargets;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A run as its file describes it, complete: what the file left out was filled from its preset. Keys in the file are these
 * names in snake_case, as people know them from diffusers, PEFT and TRL. Paths are absolute.
 *
 * @param name names the run, {@code [a-z0-9-]+}
 * @param seed everything random in the run follows from it
 * @param iterations how many iterations to train
 * @param outputDir the output folder
 * @param preset the algorithm, whose table of settings fills every gap
 * @param experimentalReplay absent for no replay
 */
public record Recipe(
        String name,
        long seed,
        int iterations,
        String outputDir,
        String preset,
        Model model,
        Prompts prompts,
        Sampling sampling,
        Evaluation evaluation,
        Groups groups,
        Adapter adapter,
        Optimizer optimizer,
        ObjectiveSettings objective,
        Ema ema,
        List<Reward> rewards,
        RewardSwapSettings rewardSwap,
        Sentinel sentinel,
        @Nullable ReplaySettings experimentalReplay) {

    public Recipe {
        rewards = List.copyOf(rewards);
    }

    /**
     * The base model.
     *
     * @param pipeline a diffusers pipeline directory
     * @param height of the images in pixels
     * @param width of the images in pixels
     * @param device where the learner computes: {@code cpu}, {@code cuda:0}
     * @param gradientCheckpointing whether training computes the blocks once more in backward instead of keeping them
     * @param transformerDtype what the frozen transformer computes in, on every device of the run, in PyTorch's words
     * @param textEncoderDtype what the text encoders compute in
     * @param vaeDtype what the autoencoder computes in
     * @param variant of the weights' files, such as {@code fp16}; absent for the plain ones
     * @param textEncoders {@code keep}, or {@code release} to close them when the prompts are encoded
     * @param promptCache folder that keeps prompt embeddings from run to run; absent to keep them in memory only
     * @param maxSequenceLength number of T5's tokens, or of the zero tokens in their place; absent for the pipeline's own
     */
    public record Model(
            String pipeline,
            int height,
            int width,
            String device,
            boolean gradientCheckpointing,
            String transformerDtype,
            String textEncoderDtype,
            String vaeDtype,
            @Nullable String variant,
            String textEncoders,
            @Nullable String promptCache,
            @Nullable Integer maxSequenceLength) {

        static final String KEEP = "keep";
        static final String RELEASE = "release";

        /** Whether the text encoders are closed when the prompts are encoded. */
        @JsonIgnore
        public boolean releasesTextEncoders() {
            return textEncoders.equals(RELEASE);
        }

        /** How the pipeline is loaded. */
        @JsonIgnore
        public LoadOptions loadOptions() {
            return LoadOptions.on(Device.parse(device))
                    .withTypes(DType.parse(transformerDtype), DType.parse(textEncoderDtype), DType.parse(vaeDtype))
                    .withVariant(variant)
                    .withEncoderUse(releasesTextEncoders() ? EncoderUse.RELEASE : EncoderUse.KEEP)
                    .withPromptCache(promptCache == null ? null : Path.of(promptCache))
                    .withMaxSequenceLength(maxSequenceLength);
        }
    }

    /**
     * Files of prompts, one a line.
     *
     * @param train prompts to train on
     * @param heldOut prompts to evaluate on, none of them among the others
     */
    public record Prompts(String train, String heldOut) {}

    /**
     * How training trajectories are sampled.
     *
     * @param numInferenceSteps T
     * @param kernel transition kernel of the stochastic steps
     * @param noiseLevel the kernel's noise level: a of Flow-SDE
     * @param guidanceScale classifier-free guidance in SD3, an input of the network in FLUX.1-dev; 1 for none
     * @param trueCfgScale classifier-free guidance in FLUX; 1 for none
     * @param negativePrompt under classifier-free guidance
     * @param shift of the sigma schedule; absent for the pipeline's own
     * @param stochasticSteps which steps are stochastic
     * @param initialNoise {@code own} or {@code shared}: whether the members of a group start from noise of their own
     * @param branches where members branch off a main path, how; absent where each walks a path of its own
     */
    public record Sampling(
            int numInferenceSteps,
            String kernel,
            double noiseLevel,
            double guidanceScale,
            double trueCfgScale,
            String negativePrompt,
            @Nullable Double shift,
            StochasticSteps stochasticSteps,
            String initialNoise,
            @Nullable BranchSettings branches) {

        /** How far prompts are followed. */
        @JsonIgnore
        public Guidance guidance() {
            return new Guidance(guidanceScale, trueCfgScale, negativePrompt);
        }
    }

    /**
     * TempFlow-GRPO's branching.
     *
     * @param perStep K, branches of a step; {@code groups.size / per_step} main paths are drawn
     * @param compared {@code seed} or {@code prompt}: whether branches compete on their own main path or across all
     */
    public record BranchSettings(int perStep, String compared) {}

    /**
     * Evaluation on the held-out prompts, by the ODE.
     *
     * @param numInferenceSteps T
     * @param every how many iterations apart; also before the first and after the last
     * @param seed of the initial noise, the same in every evaluation
     * @param batchSize prompts drawn together
     * @param keptImages how many prompts' images of each first and last evaluation are kept
     * @param imagesPerPrompt images of each prompt, from seeds of their own; from 2 on, their diversity is measured
     */
    public record Evaluation(
            int numInferenceSteps, int every, long seed, int batchSize, int keptImages, int imagesPerPrompt) {}

    /**
     * Groups of images that compete.
     *
     * @param size members of a group
     * @param perIteration groups of an iteration
     * @param maxStaleness how many policy versions old a group may be when it is trained on; 0 is on-policy
     * @param microBatchSize how many members go through the model together, in sampling and in training; absent for all
     */
    public record Groups(
            int size,
            int perIteration,
            int maxStaleness,
            @Nullable Integer microBatchSize) {

        /** Most members that go through the model together. */
        @JsonIgnore
        public int microBatch() {
            return microBatchSize == null ? size : microBatchSize;
        }
    }

    /**
     * The policy's LoRA, in PEFT's words.
     *
     * @param rank r
     * @param loraAlpha alpha; the scale is alpha / r
     * @param targetModules names of linear layers in the transformer, a regular expression, or {@code all-linear}
     * @param initLoraWeights {@code gaussian}, or {@code true} for PEFT's default; B is zero in either case
     */
    public record Adapter(int rank, double loraAlpha, LoraTargets targetModules, LoraInitialization initLoraWeights) {

        /** The same in the words of the models. */
        public LoraConfig toLoraConfig() {
            return new LoraConfig(rank, loraAlpha, targetModules, initLoraWeights);
        }
    }

    /**
     * AdamW.
     *
     * @param learningRate after the warm-up
     * @param betas β1 and β2
     * @param epsilon ε
     * @param weightDecay decoupled weight decay
     * @param maxGradNorm global norm at which gradients are clipped
     * @param stepsPerIteration into how many updates the groups of an iteration are divided
     * @param warmupSteps optimizer steps over which the learning rate rises linearly; 0 for none
     * @param schedule course of the learning rate after that
     * @param innerEpochs how many times an iteration's groups are gone through
     */
    public record Optimizer(
            double learningRate,
            List<Double> betas,
            double epsilon,
            double weightDecay,
            double maxGradNorm,
            int stepsPerIteration,
            int warmupSteps,
            ScheduleSetting schedule,
            int innerEpochs) {
        public Optimizer {
            betas = List.copyOf(betas);
        }

        /** Updates of an iteration, inner epochs included. */
        @JsonIgnore
        public int updatesPerIteration() {
            return Math.multiplyExact(stepsPerIteration, innerEpochs);
        }
    }

    /**
     * What is minimised.
     *
     * @param ratio r: {@code density} or {@code ratio-norm}
     * @param stepWeight w, a step's weight outside the trust region, by the name of {@link dev.flowguard.grpo.StepWeight}
     * @param clipRange c, trust region of the ratio
     * @param clipSpace {@code log} or {@code ratio}: whether c bounds log r or r itself
     * @param divergenceThreshold tau of Flow-DPPO's trust region, which takes the clip range's place; absent for none
     * @param divergencePenalty lambda of the same
     * @param klBeta weight of the KL to the reference
     * @param klForm {@code true-kl}, or {@code dt-scaled} as in flow_grpo since July 2025
     * @param klSchedule course of that weight over the iterations
     * @param klWarmupIterations iterations over which it rises linearly before; 0 for none
     * @param advantage {@code group}, {@code combined} or {@code gdpo}: how rewards become advantages
     * @param advantageSpread with {@code group}: standard deviation over the {@code group} or the {@code iteration}
     * @param advantageLimit largest absolute advantage
     */
    public record ObjectiveSettings(
            String ratio,
            String stepWeight,
            ClipSetting clipRange,
            String clipSpace,
            @Nullable Double divergenceThreshold,
            @Nullable Double divergencePenalty,
            double klBeta,
            String klForm,
            ScheduleSetting klSchedule,
            int klWarmupIterations,
            String advantage,
            String advantageSpread,
            double advantageLimit) {}

    /**
     * The moving average of the adapter.
     *
     * @param decay upper bound of its decay
     * @param interval optimizer steps between two updates of it
     */
    public record Ema(double decay, int interval) {}

    /**
     * A reward.
     *
     * @param name under which its score is reported
     * @param scorer the scorer_id that must answer
     * @param target gRPC target; absent where whoever starts the run supplies it
     * @param weight in the sum that advantages are made of; of no meaning for gold scores
     * @param role {@code proxy}: trained on; {@code gold}: only looked at, in evaluations
     * @param deadlineSeconds of one scoring call, retries included
     * @param references index of reference images, for {@code reference-similarity} without a target; a reward service of its
     *     own has its own
     * @param settings of the scorer, without a target; a reward service of its own has its own
     * @param optional whether a group is whole without it; it then trains on the other rewards
     * @param version that the scorer must have; absent for any
     * @param weightsSha256 that the scorer's weights must have, in hex; absent for any
     */
    public record Reward(
            String name,
            String scorer,
            @Nullable String target,
            double weight,
            String role,
            double deadlineSeconds,
            @Nullable String references,
            Map<String, String> settings,
            boolean optional,
            @Nullable String version,
            @Nullable String weightsSha256) {
        static final String PROXY = "proxy";
        static final String GOLD = "gold";
        /** How targets of services in this JVM begin. */
        static final String IN_PROCESS = "in-process:";

        public Reward {
            settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        }

        /** Whether the policy is trained on it. */
        @JsonIgnore
        public boolean proxy() {
            return role.equals(PROXY);
        }

        /** Where it is scored, and by whom. */
        @JsonIgnore
        public RewardAddress address() {
            return new RewardAddress(orEmpty(target), orEmpty(version), orEmpty(weightsSha256));
        }

        private static String orEmpty(@Nullable String value) {
            return value == null ? "" : value;
        }
    }

    /**
     * How a reward's endpoint is exchanged while the run goes.
     *
     * @param shadowGroups groups that both endpoints score before the new one takes over
     * @param minRankCorrelation least mean Spearman correlation of their scores within these groups
     * @param maxMeanShift largest change of the mean score, in standard deviations of the old one's scores
     * @param maxFailedGroups how many groups the new endpoint may fail to score
     */
    public record RewardSwapSettings(
            int shadowGroups, double minRankCorrelation, double maxMeanShift, int maxFailedGroups) {}

    /**
     * What is done about over-optimisation: the proxy rises while a gold reward falls.
     *
     * @param action {@code off}, {@code alert}, {@code stop}, {@code raise-kl} or {@code rollback}
     * @param patience how many evaluations in a row must be suspicious
     * @param margin how many paired standard errors a change must exceed to count
     * @param klFactor what {@code raise-kl} multiplies the KL weight with
     * @param maxRollbacks how many rollbacks there may be; the next alarm stops the run
     */
    public record Sentinel(String action, int patience, double margin, double klFactor, int maxRollbacks) {
        public static final String OFF = "off";
        public static final String ALERT = "alert";
        public static final String STOP = "stop";
        public static final String RAISE_KL = "raise-kl";
        public static final String ROLLBACK = "rollback";
        static final List<String> ACTIONS = List.of(OFF, ALERT, STOP, RAISE_KL, ROLLBACK);

        /** Whether nothing is watched. */
        @JsonIgnore
        public boolean off() {
            return action.equals(OFF);
        }
    }

    /**
     * Experimental: learning once more from groups of earlier iterations, see {@link dev.flowguard.grpo.ExperimentalReplay}.
     *
     * @param groups how many groups are replayed an iteration
     * @param maxAge oldest group, in iterations
     * @param lateShare share of the schedule, at its end, that is not trained again
     * @param weightLimit bound on the absolute logarithm of an importance weight
     */
    public record ReplaySettings(int groups, int maxAge, double lateShare, double weightLimit) {

        /** The same in the words of the mathematics. */
        public ExperimentalReplay toReplay() {
            return new ExperimentalReplay(groups, maxAge, lateShare, weightLimit);
        }
    }

    /** The output folder. */
    @JsonIgnore
    public Path outputPath() {
        return Path.of(outputDir);
    }
}
