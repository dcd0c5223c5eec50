package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AdaptiveLimitTest {

    /** What came of a call: refused, or answered after so many seconds an item. */
    record Event(boolean refused, double seconds, boolean full) {
        AdaptiveLimit on(AdaptiveLimit limit) {
            return refused ? limit.afterRefusal() : limit.afterAnswer(seconds, full);
        }
    }

    @Property
    void staysBetweenOneAndTheMost(
            @ForAll("events") List<Event> events, @ForAll @IntRange(min = 1, max = 64) int most) {
        AdaptiveLimit limit = AdaptiveLimit.upTo(most);
        for (Event event : events) {
            limit = event.on(limit);
            assertThat(limit.inFlight()).isBetween(1, most);
        }
    }

    @Property
    void growsBackWhateverHappened(
            @ForAll("events") List<Event> events, @ForAll @IntRange(min = 1, max = 64) int most) {
        AdaptiveLimit limit = AdaptiveLimit.upTo(most);
        for (Event event : events) {
            limit = event.on(limit);
        }
        // One more a round: a limit of n is reached after n (n + 1) / 2 answers, and a few for a usual time long
        // forgotten.
        double usual = limit.usual() == 0 ? 1 : limit.usual();
        for (int i = 0; i < most * (most + 1) / 2 + most; i++) {
            limit = limit.afterAnswer(usual, true);
        }
        assertThat(limit.inFlight()).isEqualTo(most);
    }

    @Test
    void halvesWhenRefusedAndGrowsByOneARound() {
        AdaptiveLimit limit = AdaptiveLimit.upTo(16).afterRefusal();
        assertThat(limit.inFlight()).isEqualTo(8);

        for (int i = 0; i < 9; i++) {
            limit = limit.afterAnswer(.1, true);
        }
        assertThat(limit.inFlight()).isEqualTo(9);
    }

    @Test
    void doesNotGrowOnAnswersThatDidNotUseIt() {
        AdaptiveLimit limit = AdaptiveLimit.upTo(16).afterRefusal();
        for (int i = 0; i < 100; i++) {
            limit = limit.afterAnswer(.1, false);
        }
        assertThat(limit.inFlight()).isEqualTo(8);
    }

    @Test
    void shrinksWhenAnswersBecomeSlowButGetsUsedToIt() {
        AdaptiveLimit limit = AdaptiveLimit.upTo(16).afterAnswer(.1, true);
        assertThat(limit.afterAnswer(.39, true).inFlight()).isEqualTo(16);

        for (int i = 0; i < 3; i++) {
            limit = limit.afterAnswer(1, true);
        }
        assertThat(limit.inFlight()).isLessThan(16);
        for (int i = 0; i < 500; i++) {
            limit = limit.afterAnswer(1, true);
        }
        assertThat(limit.inFlight()).isEqualTo(16);
    }

    @Provide
    Arbitrary<List<Event>> events() {
        return Combinators.combine(
                        Arbitraries.of(true, false), Arbitraries.doubles().between(0, 100), Arbitraries.of(true, false))
                .as(Event::new)
                .list()
                .ofMaxSize(200);
    }
}
