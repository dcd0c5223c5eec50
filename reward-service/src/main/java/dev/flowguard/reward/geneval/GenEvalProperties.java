package dev.flowguard.reward.geneval;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.clip.ClipProperties;
import dev.flowguard.reward.onnx.ChannelOrder;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the scorer {@code geneval}, below {@code flowguard.reward.geneval}. The defaults are those of Mask2Former and of most COCO detectors
 * in MMDetection.
 *
 * @param detector file of an object detector, ONNX or TorchScript ({@link Detector}, {@link DetectorNetwork#open}); needed by the scorer
 * @param classNames file that names the detector's classes, one a line, label 0 first. Absent: the 80 of COCO in GenEval's words
 * @param clip the CLIP that tells colours (GenEval's is ViT-L/14); needed by prompts that ask for a color
 * @param score which of the judgements is the reward
 * @param referenceCompat whether the training score has the range and the leak of Flow-GRPO's reward server ({@link GenEval})
 * @param shortSide pixels that the image's shorter side is scaled to for the detector, unless its input is of a fixed size
 * @param longSide most pixels of its longer side then
 * @param mean of the channels, of samples from 0 to 255
 * @param std standard deviation of the channels
 * @param channels in which order the detector wants them
 * @param threads that one worker's ONNX detector computes on
 */
public record GenEvalProperties(
        @Nullable Path detector,
        @Nullable Path classNames,
        @DefaultValue ClipProperties clip,
        @DefaultValue("training") Score score,
        @DefaultValue("false") boolean referenceCompat,
        @DefaultValue("800") int shortSide,
        @DefaultValue("1333") int longSide,
        @DefaultValue({"123.675", "116.28", "103.53"}) List<Float> mean,
        @DefaultValue({"58.395", "57.12", "57.375"}) List<Float> std,
        @DefaultValue("rgb") ChannelOrder channels,
        @DefaultValue("1") int threads) {

    private static final int MAX_SIDE = 4096;
    private static final int MAX_THREADS = 256;

    /** Which of {@link GenEval}'s judgements is the reward. */
    public enum Score {
        TRAINING,
        BENCHMARK,
        STRICT
    }

    public GenEvalProperties {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        require(shortSide >= 1 && shortSide <= MAX_SIDE, "short-side must be in 1..4096, not " + shortSide);
        require(
                longSide >= shortSide && longSide <= MAX_SIDE,
                "long-side must be from short-side to 4096, not " + longSide);
        require(mean.size() == 3 && mean.stream().allMatch(Float::isFinite), "mean must be three numbers");
        require(std.size() == 3 && std.stream().allMatch(value -> value > 0), "std must be three positive numbers");
        require(threads >= 1 && threads <= MAX_THREADS, "threads must be in 1..256, not " + threads);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new RewardConfigurationException("flowguard.reward.geneval." + message);
        }
    }
}
