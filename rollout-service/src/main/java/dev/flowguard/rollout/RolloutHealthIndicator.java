package dev.flowguard.rollout;

import java.util.Objects;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Whether the worker is in a session. A worker without one is out of service, not down: killing it would not bring the
 * learner back.
 */
final class RolloutHealthIndicator implements HealthIndicator {

    private final RolloutWorker worker;

    RolloutHealthIndicator(RolloutWorker worker) {
        this.worker = worker;
    }

    @Override
    public Health health() {
        WorkerStatus status = worker.status();
        Health.Builder health = status.state() == WorkerStatus.State.SERVING ? Health.up() : Health.outOfService();
        return health.withDetail("state", status.state())
                .withDetail("run", Objects.requireNonNullElse(status.runId(), "none"))
                .withDetail("policyVersion", Objects.requireNonNullElse(status.policyVersion(), "none"))
                .withDetail("leases", status.leases())
                .withDetail("lastSessionEnded", Objects.requireNonNullElse(status.reason(), "never"))
                .build();
    }
}
