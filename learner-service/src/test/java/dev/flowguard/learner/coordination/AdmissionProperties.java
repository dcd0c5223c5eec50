package dev.flowguard.learner.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class AdmissionProperties {
    /** Areal's own worked case: η = 1, two versions published, 48 groups an iteration. */
    @Example
    void isTheFormula() {
        Admission admission = new Admission(1000, 1, 48);
        assertThat(admission.capacity(2, 100, 20)).isEqualTo(4 * 48 - 120);
        assertThat(new Admission(25, 1, 48).capacity(2, 100, 20)).isEqualTo(5);
    }

    @Property
    void neverNegativeAndNeverBeyondTheBound(
            @ForAll @IntRange(min = 1, max = 100) int bound,
            @ForAll @IntRange(max = 4) int eta,
            @ForAll @IntRange(min = 1, max = 64) int groups,
            @ForAll @IntRange(max = 1000) int version,
            @ForAll @IntRange(max = 100_000) int settled,
            @ForAll @IntRange(max = 1000) int running) {
        int capacity = new Admission(bound, eta, groups).capacity(version, settled, running);
        assertThat(capacity).isBetween(0, bound);
        assertThat(capacity == 0 || running + capacity <= bound).isTrue();
    }

    /** Plays whole runs with random completion, failures and a restart, and looks at the age of what is trained on. */
    @Property(tries = 200)
    void noGroupIsEverOlderThanEtaVersionsAndTheRunNeverStarves(
            @ForAll @IntRange(min = 1, max = 20) int bound,
            @ForAll @IntRange(max = 3) int eta,
            @ForAll @IntRange(min = 1, max = 8) int groups,
            @ForAll long seed) {
        Admission admission = new Admission(bound, eta, groups);
        Random random = new Random(seed);
        int restartAt = random.nextInt(6);
        long version = 0;
        long settled = 0;
        long next = 0;
        Deque<long[]> running = new ArrayDeque<>();
        List<long[]> done = new ArrayList<>();
        while (version < 6) {
            for (int free = admission.capacity(version, settled, running.size()); free > 0; free--) {
                running.add(new long[] {next++, version});
            }
            if (!running.isEmpty()) {
                done.add(random.nextBoolean() ? running.pollFirst() : running.pollLast());
                settled++;
            }
            long current = version;
            List<long[]> ready =
                    done.stream().filter(group -> group[0] / groups == current).toList();
            if (ready.size() == groups) {
                for (long[] group : ready) {
                    assertThat(version - group[1]).isBetween(0L, (long) eta);
                }
                version++;
                if (version == restartAt) {
                    running.clear();
                    done.clear();
                    settled = admission.settledOnResume(version);
                    next = settled;
                }
            } else {
                assertThat(running.isEmpty() && admission.capacity(version, settled, 0) == 0)
                        .as("starved at version %d", version)
                        .isFalse();
            }
        }
    }
}
