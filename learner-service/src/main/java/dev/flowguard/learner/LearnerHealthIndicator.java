package dev.flowguard.learner;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** How far the run is. Always up: a run that fails ends its process. */
final class LearnerHealthIndicator implements HealthIndicator {
    private final LearnerRun run;

    LearnerHealthIndicator(LearnerRun run) {
        this.run = run;
    }

    @Override
    public Health health() {
        return Health.up()
                .withDetail("run", run.recipe().name())
                .withDetail("iteration", run.iterationsDone())
                .withDetail("iterations", run.recipe().iterations())
                .build();
    }
}
