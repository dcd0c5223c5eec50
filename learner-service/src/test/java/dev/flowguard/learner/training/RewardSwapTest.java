package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.recipe.Recipe.RewardSwapSettings;
import dev.flowguard.learner.recipe.RewardAddress;
import dev.flowguard.learner.training.RewardDrift.Pairs;
import dev.flowguard.learner.training.RewardSwap.Phase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

class RewardSwapTest {

    private static final RewardAddress OLD = new RewardAddress("old:7070", "", "");
    private static final RewardAddress NEXT = new RewardAddress("new:7070", "2", "");
    private static final RewardSwapSettings TERMS = new RewardSwapSettings(4, .8, .5, 2);

    private static final Pairs ALIKE = new Pairs(List.of(.1, .5, .9), List.of(.15, .5, .95));
    private static final Pairs REVERSED = new Pairs(List.of(.1, .5, .9), List.of(.9, .5, .1));
    private static final Pairs HIGHER = new Pairs(List.of(.1, .5, .9), List.of(5.1, 5.5, 5.9));

    /** What can happen to a swap. */
    sealed interface Event {
        record Scored(Pairs group) implements Event {}

        record Missed() implements Event {}

        record Border() implements Event {}
    }

    @Test
    void takesOverOnceEnoughGroupsAreScoredAlike() {
        RewardSwap swap = scored(RewardSwap.begin(OLD, NEXT), ALIKE, 3).decide(TERMS);
        assertThat(swap.phase()).isEqualTo(Phase.SHADOWING);

        swap = scored(swap, ALIKE, 1);
        assertThat(swap.inUse()).isEqualTo(OLD);
        assertThat(swap.decide(TERMS).inUse()).isEqualTo(NEXT);
    }

    @Test
    void isAbortedWhereTheNewOneRanksOtherwise() {
        RewardSwap swap = scored(RewardSwap.begin(OLD, NEXT), REVERSED, 4).decide(TERMS);

        assertThat(swap.phase()).isEqualTo(Phase.ABORTED);
        assertThat(swap.reason())
                .isEqualTo("its rank correlation with the old one is -1.000, less than min_rank_correlation 0.8");
    }

    @Test
    void isAbortedWhereTheMeanMovesTooFar() {
        RewardSwap swap = scored(RewardSwap.begin(OLD, NEXT), HIGHER, 4).decide(TERMS);

        assertThat(swap.phase()).isEqualTo(Phase.ABORTED);
        assertThat(swap.reason()).contains("shifted by 5.000").contains("max_mean_shift 0.5");
    }

    @Test
    void isAbortedWhereTheNewOneFailsTooOften() {
        RewardSwap swap = RewardSwap.begin(OLD, NEXT).missed().missed();
        assertThat(swap.decide(TERMS).phase()).isEqualTo(Phase.SHADOWING);

        assertThat(swap.missed().decide(TERMS).reason())
                .isEqualTo("it failed to score 3 groups, more than max_failed_groups 2");
    }

    @Property
    void theOldOneCountsUntilTheNewOneIsProvedAndWhatIsDecidedStays(@ForAll("lives") List<Event> life) {
        RewardSwap swap = RewardSwap.begin(OLD, NEXT);
        for (Event event : life) {
            RewardSwap before = swap;
            swap = after(swap, event);
            if (!before.shadowing()) {
                assertThat(swap).isEqualTo(before);
            } else if (!swap.shadowing()) {
                assertThat(event).isInstanceOf(Event.Border.class);
            }
            if (swap.inUse().equals(NEXT)) {
                RewardDrift drift = Objects.requireNonNull(swap.drift());
                assertThat(swap.phase()).isEqualTo(Phase.CUT_OVER);
                assertThat(swap.seen()).hasSizeGreaterThanOrEqualTo(TERMS.shadowGroups());
                assertThat(swap.failed()).isLessThanOrEqualTo(TERMS.maxFailedGroups());
                assertThat(drift.rankCorrelation()).isGreaterThanOrEqualTo(TERMS.minRankCorrelation());
                assertThat(Math.abs(drift.meanShift())).isLessThanOrEqualTo(TERMS.maxMeanShift() * drift.spread());
            }
            assertThat(swap.reason().isEmpty()).isEqualTo(swap.phase() != Phase.ABORTED);
        }
    }

    @Property
    void theOrderOfAnIterationsGroupsDecidesNothing(@ForAll("lives") List<Event> life, @ForAll Random random) {
        List<Event> groups = new ArrayList<>(life);
        groups.removeIf(event -> event instanceof Event.Border);
        RewardSwap once = RewardSwap.begin(OLD, NEXT);
        for (Event event : groups) {
            once = after(once, event);
        }
        Collections.shuffle(groups, random);
        RewardSwap again = RewardSwap.begin(OLD, NEXT);
        for (Event event : groups) {
            again = after(again, event);
        }

        assertThat(again.decide(TERMS).phase()).isEqualTo(once.decide(TERMS).phase());
    }

    private static RewardSwap after(RewardSwap swap, Event event) {
        if (event instanceof Event.Scored scored) {
            return swap.scored(scored.group());
        }
        return event instanceof Event.Missed ? swap.missed() : swap.decide(TERMS);
    }

    @Provide
    Arbitrary<List<Event>> lives() {
        return Arbitraries.<Event>frequencyOf(
                        Tuple.of(8, Arbitraries.of(new Event.Scored(ALIKE))),
                        Tuple.of(1, Arbitraries.of(new Event.Scored(REVERSED), new Event.Scored(HIGHER))),
                        Tuple.of(1, Arbitraries.of(new Event.Missed())),
                        Tuple.of(2, Arbitraries.of(new Event.Border())))
                .list()
                .ofMaxSize(20);
    }

    private static RewardSwap scored(RewardSwap swap, Pairs group, int times) {
        RewardSwap more = swap;
        for (int i = 0; i < times; i++) {
            more = more.scored(group);
        }
        return more;
    }
}
