package dev.flowguard.learner.coordination;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One member of a scored group.
 *
 * @param seeds what was drawn
 * @param transitions its trained transitions, by rising step; empty in evaluations
 * @param scores by reward name; a missing entry is a missing score, never a zero
 * @param shadowScores of endpoints that are only compared, by reward name; they count for nothing
 * @param png its image, where the lease asked for it
 */
public record ScoredMember(
        MemberSeeds seeds,
        List<StoredTransition> transitions,
        Map<String, Score> scores,
        Map<String, Score> shadowScores,
        @Nullable ByteString png) {
    public ScoredMember {
        transitions = List.copyOf(transitions);
        scores = Map.copyOf(scores);
        shadowScores = Map.copyOf(shadowScores);
    }

    /** A member that no shadow has scored. */
    public ScoredMember(
            MemberSeeds seeds,
            List<StoredTransition> transitions,
            Map<String, Score> scores,
            @Nullable ByteString png) {
        this(seeds, transitions, scores, Map.of(), png);
    }

    /**
     * One stochastic step {@code x_i → x_i+1 ~ N(mean, s² I)} as rows of the group's tables.
     *
     * @param step i
     * @param from row of {@code x_i} among the latents
     * @param to row of {@code x_i+1} among the latents
     * @param mean row of the mean under the policy that sampled, among the means
     */
    public record StoredTransition(int step, int from, int to, int mean) {}
}
