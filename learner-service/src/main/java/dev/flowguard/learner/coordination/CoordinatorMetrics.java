package dev.flowguard.learner.coordination;

import dev.flowguard.proto.v1.Receipt;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What the coordinator counts, under {@code flowguard.learner.*}. */
final class CoordinatorMetrics {
    private final MeterRegistry registry;
    private final AtomicInteger workers = new AtomicInteger();
    private final AtomicInteger leases = new AtomicInteger();
    private final AtomicLong policyVersion = new AtomicLong();

    CoordinatorMetrics(MeterRegistry registry) {
        this.registry = registry;
        registry.gauge("flowguard.learner.workers", workers);
        registry.gauge("flowguard.learner.leases", leases);
        registry.gauge("flowguard.learner.policy.version", policyVersion);
    }

    void workers(int connected) {
        workers.set(connected);
    }

    void leases(int outstanding) {
        leases.set(outstanding);
    }

    void policyVersion(long version) {
        policyVersion.set(version);
    }

    void submitted(Receipt receipt) {
        group(receipt.name().substring("RECEIPT_".length()).toLowerCase(Locale.ROOT));
    }

    void requeued() {
        group("requeued");
    }

    void dropped() {
        group("dropped");
    }

    /** @param members that lack a score which they may lack */
    void missing(String reward, int members) {
        registry.counter("flowguard.learner.scores.missing", "reward", reward).increment(members);
    }

    /** A group came back because a score that it must have could not be had. */
    void returnedWithout(String reward) {
        registry.counter("flowguard.learner.groups.without.score", "reward", reward)
                .increment();
    }

    private void group(String outcome) {
        registry.counter("flowguard.learner.groups", "outcome", outcome).increment();
    }
}
