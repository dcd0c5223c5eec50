package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Purpose;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What the worker counts, under {@code flowguard.rollout}. Labels are few and never name a group. Thread-safe. */
final class RolloutMetrics {

    private static final String PREFIX = "flowguard.rollout.";

    private final MeterRegistry registry;
    // -1: no policy is bound yet; 0 is the untrained adapter.
    private final AtomicLong policyVersion = new AtomicLong(-1);
    private final Map<String, AtomicInteger> gauges = new ConcurrentHashMap<>();

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

    /** @param gone whether the endpoint is left alone because it does not answer */
    void away(String reward, boolean gone) {
        gauge("endpoint.away", reward).set(gone ? 1 : 0);
    }

    /** @param calls that may be in flight to the endpoint now */
    void limit(String reward, int calls) {
        gauge("endpoint.limit", reward).set(calls);
    }

    /** @param members of a group that lack a score that may be missing */
    void missing(String reward, int members) {
        registry.counter(PREFIX + "scores.missing", "reward", reward).increment(members);
    }

    private AtomicInteger gauge(String name, String reward) {
        return gauges.computeIfAbsent(name + " " + reward, key -> {
            AtomicInteger value = new AtomicInteger();
            registry.gauge(PREFIX + name, Tags.of("reward", reward), value);
            return value;
        });
    }

    void sessionLost() {
        registry.counter(PREFIX + "sessions.lost").increment();
    }

    private Timer timer(String name) {
        return registry.timer(PREFIX + name);
    }
}
