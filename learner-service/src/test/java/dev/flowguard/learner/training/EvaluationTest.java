package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.GroupSpec;
import dev.flowguard.learner.coordination.MemberSeeds;
import dev.flowguard.learner.coordination.Score;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.proto.v1.Purpose;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    private static ScoredMember member(Map<String, Double> scores) {
        Map<String, Score> given = new HashMap<>();
        scores.forEach((name, value) -> given.put(name, new Score(value, name, "1", Map.of())));
        return new ScoredMember(new MemberSeeds("prompt", 1, 0), List.of(), given, null);
    }

    private static Batch batch(ScoredMember... members) {
        List<ScoredMember> all = Arrays.asList(members);
        GroupSpec spec = new GroupSpec(
                1,
                0,
                Purpose.PURPOSE_EVALUATION,
                all.stream().map(ScoredMember::seeds).toList(),
                List.of(),
                false);
        return new Batch(
                List.of(new ScoredGroup(
                        spec, 0, "w", List.of(), List.of(), List.of(), all, new ScoredGroup.Times(0, 0, 0))),
                List.of());
    }

    @Test
    void aMissingScoreIsNeverAZero() {
        Batch batch = batch(member(Map.of("ocr", 1.0, "gold", .5)), member(Map.of("ocr", .5)));

        Evaluation evaluation = Evaluation.of(batch, 2, List.of("ocr", "gold"));

        assertThat(evaluation.means()).containsExactly(Map.entry("ocr", .75));
        assertThat(evaluation.missing()).containsExactly(Map.entry("gold", 1));
    }

    @Test
    void aDroppedGroupLeavesTheEvaluationIncomplete() {
        Evaluation evaluation = Evaluation.of(batch(member(Map.of("ocr", 1.0))), 3, List.of("ocr"));

        assertThat(evaluation.means()).isEmpty();
        assertThat(evaluation.missing()).containsExactly(Map.entry("ocr", 2));
    }
}
