package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Purpose;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** What the worker counts, under {@code flowguard.rollout}. Labels are few and never name a group. Thread-safe. */
final class RolloutMetrics {

    private static final String PREFIX = "flowguard.rollout.";

    private final MeterRegistry registry;
    // -1: no policy is bound yet; 0 is the untrained adapter.
    private final AtomicLong policyVersion = new AtomicLong(-1);

    RolloutMetrics(MeterRegistry registry) {
        this.registry = registry;
        registry.gauge(PREFIX + "policy.version", policyVersion);
    }

    void sampled(Purpose purpose, SampledGroup group) {
        String label = purpose == Purpose.PURPOSE_TRAINING ? "training" : "evaluation";
        registry.counter(PREFIX + "images", "purpose", label)
                .increment(group.images().size());
        timer("sample").record(group.sampleTime());
        timer("decode").record(group.decodeTime());
    }

    void scored(Duration time) {
        timer("score").record(time);
    }

    void submitted(Duration time) {
        timer("submit").record(time);
    }

    /** @param outcome committed, duplicate, stale, refused, returned or void */
    void leaseEnded(String outcome) {
        registry.counter(PREFIX + "leases", "outcome", outcome).increment();
    }

    void policyBound(long version) {
        policyVersion.set(version);
    }

    void retried(String call) {
        registry.counter(PREFIX + "retries", "call", call).increment();
    }

    void sessionLost() {
        registry.counter(PREFIX + "sessions.lost").increment();
    }

    private Timer timer(String name) {
        return registry.timer(PREFIX + name);
    }
}
