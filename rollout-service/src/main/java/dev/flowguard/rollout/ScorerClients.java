package dev.flowguard.rollout;

import dev.flowguard.proto.v1.RewardEndpoint;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * A client for every endpoint that the learner names, for the life of the worker: what is known of an endpoint (who answers
 * there, how much it bears, whether it is away) outlives sessions. Thread-safe.
 */
final class ScorerClients {

    /** An endpoint that is away is probed at least this often: back for five seconds, it is noticed. */
    private static final Backoff PROBES = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(5));

    /** More than a run has endpoints, and their shadows. */
    private static final int MOST_KEPT = 128;

    private final ChannelFactory channels;
    private final Retry retry;
    private final Pause pause;
    private final LongSupplier nanoClock;
    private final RandomGenerator random;
    private final RolloutMetrics metrics;
    private final int mostInFlight;

    private final Map<RewardEndpoint, ScorerClient> clients = new LinkedHashMap<>(16, .75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<RewardEndpoint, ScorerClient> eldest) {
            return size() > MOST_KEPT;
        }
    };

    /** @param mostInFlight calls to an endpoint at a time: the groups that the worker holds */
    ScorerClients(
            ChannelFactory channels,
            Retry retry,
            Pause pause,
            LongSupplier nanoClock,
            RandomGenerator random,
            RolloutMetrics metrics,
            int mostInFlight) {
        this.channels = channels;
        this.retry = retry;
        this.pause = pause;
        this.nanoClock = nanoClock;
        this.random = random;
        this.metrics = metrics;
        this.mostInFlight = mostInFlight;
    }

    synchronized ScorerClient of(RewardEndpoint endpoint) {
        return clients.computeIfAbsent(endpoint, this::connect);
    }

    private ScorerClient connect(RewardEndpoint endpoint) {
        String label = endpoint.getShadow() ? endpoint.getName() + "-shadow" : endpoint.getName();
        return new ScorerClient(
                endpoint,
                channels.toScorer(endpoint.getTarget()),
                retry,
                new Circuit(label, PROBES, pause, nanoClock, random, metrics),
                new Gate(label, AdaptiveLimit.upTo(mostInFlight), nanoClock, metrics),
                nanoClock);
    }
}
