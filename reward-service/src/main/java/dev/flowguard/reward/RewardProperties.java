package dev.flowguard.reward;

import dev.flowguard.reward.bridge.HttpProperties;
import dev.flowguard.reward.bridge.KserveProperties;
import dev.flowguard.reward.clip.AestheticProperties;
import dev.flowguard.reward.clip.ClipProperties;
import dev.flowguard.reward.geneval.GenEvalProperties;
import dev.flowguard.reward.imagereward.ImageRewardProperties;
import dev.flowguard.reward.ocr.OcrProperties;
import dev.flowguard.reward.reference.ReferenceProperties;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Settings of the reward service. Unknown keys below {@code flowguard.reward} are refused.
 *
 * @param scorers names of the scorers to offer; their order is that of Describe
 * @param workers threads of each scorer. Absent: one a processor
 * @param batch how items are gathered into batches
 * @param admission how much work is let in
 * @param limits what an item may measure
 * @param ocr settings of the scorer {@code ocr}
 * @param referenceSimilarity settings of the scorer {@code reference-similarity}
 * @param pickscore settings of the scorer {@code pickscore}
 * @param clipscore settings of the scorer {@code clipscore}
 * @param hpsv2 settings of the scorer {@code hpsv2}
 * @param aesthetic settings of the scorer {@code aesthetic}
 * @param imageReward settings of the scorer {@code image-reward}
 * @param geneval settings of the scorer {@code geneval}
 * @param http settings of the scorer {@code http}
 * @param httpEndpoints settings of further scorers of that kind, by their ids
 * @param kserve settings of the scorer {@code kserve}
 * @param kserveEndpoints settings of further scorers of that kind, by their ids
 */
@ConfigurationProperties(prefix = "flowguard.reward", ignoreUnknownFields = false)
public record RewardProperties(
        @DefaultValue("ocr") List<String> scorers,
        @Nullable Integer workers,
        @DefaultValue Batch batch,
        @DefaultValue Admission admission,
        @DefaultValue Limits limits,
        @DefaultValue OcrProperties ocr,
        @DefaultValue ReferenceProperties referenceSimilarity,
        @DefaultValue ClipProperties pickscore,
        @DefaultValue ClipProperties clipscore,
        @DefaultValue ClipProperties hpsv2,
        @DefaultValue AestheticProperties aesthetic,
        @DefaultValue ImageRewardProperties imageReward,
        @DefaultValue GenEvalProperties geneval,
        @DefaultValue HttpProperties http,
        @DefaultValue Map<String, HttpProperties> httpEndpoints,
        @DefaultValue KserveProperties kserve,
        @DefaultValue Map<String, KserveProperties> kserveEndpoints) {

    public RewardProperties {
        scorers = List.copyOf(scorers);
        httpEndpoints = Map.copyOf(httpEndpoints);
        kserveEndpoints = Map.copyOf(kserveEndpoints);
        require(!scorers.isEmpty(), "flowguard.reward.scorers is empty: name at least one scorer");
        require(workers == null || workers > 0, "flowguard.reward.workers must be at least 1, not " + workers);
    }

    int workersOrProcessors() {
        return workers != null ? workers : Runtime.getRuntime().availableProcessors();
    }

    /**
     * How a worker gathers its batch.
     *
     * @param maxSize most items in a batch
     * @param maxDelay longest that the first item of a batch waits for company
     */
    public record Batch(
            @DefaultValue("8") int maxSize,
            @DefaultValue("2ms") Duration maxDelay) {
        public Batch {
            require(maxSize > 0, "flowguard.reward.batch.max-size must be at least 1, not " + maxSize);
            require(!maxDelay.isNegative(), "flowguard.reward.batch.max-delay must not be negative: " + maxDelay);
        }
    }

    /**
     * How much work is let in. Undecoded images of at most {@code queueCapacity} items are in memory at a time.
     *
     * @param queueCapacity most items that are received and not yet answered, over all RPCs. A new RPC that finds no room is refused
     * @param maxInFlightPerCall most of them that one RPC may have
     * @param maxItemsPerCall most items of one RPC over its life: the ids that it has used are remembered
     * @param maxCallDuration longest life of an RPC whose caller set no nearer deadline
     * @param retryDelay hint to refused callers: when to come back
     */
    public record Admission(
            @DefaultValue("256") int queueCapacity,
            @DefaultValue("32") int maxInFlightPerCall,
            @DefaultValue("65536") int maxItemsPerCall,
            @DefaultValue("10m") Duration maxCallDuration,
            @DefaultValue("250ms") Duration retryDelay) {
        public Admission {
            require(
                    queueCapacity > 0,
                    "flowguard.reward.admission.queue-capacity must be at least 1, not " + queueCapacity);
            require(
                    maxInFlightPerCall > 0,
                    "flowguard.reward.admission.max-in-flight-per-call must be at least 1, not " + maxInFlightPerCall);
            require(
                    maxItemsPerCall > 0,
                    "flowguard.reward.admission.max-items-per-call must be at least 1, not " + maxItemsPerCall);
            require(
                    maxCallDuration.toMillis() > 0,
                    "flowguard.reward.admission.max-call-duration must be positive, not " + maxCallDuration);
            require(
                    !retryDelay.isNegative(),
                    "flowguard.reward.admission.retry-delay must not be negative: " + retryDelay);
        }
    }

    /**
     * What an item may measure; an item beyond is answered as invalid.
     *
     * @param maxImageBytes largest encoded image
     * @param maxImageSide largest width and largest height in pixels, checked before anything is decoded
     * @param maxPromptLength longest prompt in UTF-16 units
     * @param maxMetadataBytes largest metadata of a prompt, encoded as protobuf
     */
    public record Limits(
            @DefaultValue("4MB") DataSize maxImageBytes,
            @DefaultValue("2048") int maxImageSide,
            @DefaultValue("10000") int maxPromptLength,
            @DefaultValue("64KB") DataSize maxMetadataBytes) {
        public Limits {
            require(
                    maxImageBytes.toBytes() > 0,
                    "flowguard.reward.limits.max-image-bytes must be positive, not " + maxImageBytes);
            require(
                    maxImageSide > 0 && maxImageSide <= 16_384,
                    "flowguard.reward.limits.max-image-side must be in 1..16384, not " + maxImageSide);
            require(
                    maxPromptLength > 0,
                    "flowguard.reward.limits.max-prompt-length must be positive, not " + maxPromptLength);
            require(
                    maxMetadataBytes.toBytes() > 0,
                    "flowguard.reward.limits.max-metadata-bytes must be positive, not " + maxMetadataBytes);
        }
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new RewardConfigurationException(message);
        }
    }
}
