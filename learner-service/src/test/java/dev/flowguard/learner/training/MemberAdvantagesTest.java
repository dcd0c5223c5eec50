package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.GroupAdvantages;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemberAdvantagesTest {

    private static GroupAdvantages compared(boolean tied, Double... values) {
        return new GroupAdvantages(1, List.of(values), List.of(values), 0, 1, tied);
    }

    /** Branches of one step of one main path compete; where they are all alike, only they teach nothing. */
    @Test
    void aTiedSetOfAGroupIsLeftOutAndCounted() {
        MemberAdvantages worth = MemberAdvantages.of(
                6,
                List.of(List.of(0, 1), List.of(2, 5), List.of(3, 4)),
                List.of(compared(false, 1., -1.), compared(true, 0., 0.), compared(false, -2., 2.))
                        .iterator());

        assertThat(worth.values()).containsExactly(1., -1., 0., -2., 2., 0.);
        assertThat(worth.taught().stream()).containsExactly(0, 1, 3, 4);
        assertThat(worth.comparisons()).isEqualTo(3);
        assertThat(worth.tied()).isEqualTo(1);
        assertThat(worth.trained()).containsExactly(1., -1., -2., 2.);
        assertThat(worth.teachNothing()).isFalse();
    }

    @Test
    void aGroupOfTiedSetsTeachesNothing() {
        MemberAdvantages worth = MemberAdvantages.of(
                2, List.of(List.of(0, 1)), List.of(compared(true, 0., 0.)).iterator());

        assertThat(worth.teachNothing()).isTrue();
    }
}
