package dev.flowguard.rollout;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Whether every worker is in a session. A worker without one is out of service, not down: killing it would not bring the
 * learner back. A detail is a list where there are several workers.
 */
final class RolloutHealthIndicator implements HealthIndicator {

    private final RolloutWorkers workers;

    RolloutHealthIndicator(RolloutWorkers workers) {
        this.workers = workers;
    }

    @Override
    public Health health() {
        List<WorkerStatus> statuses = workers.statuses();
        boolean serving = statuses.stream().allMatch(status -> status.state() == WorkerStatus.State.SERVING);
        return (serving ? Health.up() : Health.outOfService())
                .withDetail("state", detail(statuses, WorkerStatus::state))
                .withDetail("run", detail(statuses, status -> Objects.requireNonNullElse(status.runId(), "none")))
                .withDetail("policyVersion", detail(statuses, RolloutHealthIndicator::policyVersion))
                .withDetail("leases", detail(statuses, WorkerStatus::leases))
                .withDetail(
                        "lastSessionEnded",
                        detail(statuses, status -> Objects.requireNonNullElse(status.reason(), "never")))
                .build();
    }

    private static Object policyVersion(WorkerStatus status) {
        Long version = status.policyVersion();
        return version == null ? "none" : version;
    }

    private static Object detail(List<WorkerStatus> statuses, Function<WorkerStatus, Object> part) {
        List<Object> parts = statuses.stream().map(part).toList();
        return parts.size() == 1 ? parts.get(0) : parts;
    }
}
