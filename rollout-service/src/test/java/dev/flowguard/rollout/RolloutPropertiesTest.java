package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.InputException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** No property can be added, renamed or re-defaulted unnoticed. */
class RolloutPropertiesTest {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withUserConfiguration(Enabled.class)
            .withPropertyValues("flowguard.rollout.coordinator=localhost:7080");

    @Test
    void onlyTheLearnersAddressHasNoDefault() {
        runner.run(context -> {
            RolloutProperties properties = context.getBean(RolloutProperties.class);
            assertThat(properties.workerId())
                    .endsWith("-" + ProcessHandle.current().pid());
            assertThat(properties)
                    .isEqualTo(new RolloutProperties(
                            "localhost:7080",
                            properties.workerId(),
                            "cpu",
                            3,
                            Duration.ofSeconds(20),
                            Duration.ofMinutes(5),
                            Duration.ofMinutes(2)));
        });
    }

    @Test
    void everyPropertyCanBeSet() {
        runner.withPropertyValues(
                        "flowguard.rollout.coordinator=dns:///learner:7080",
                        "flowguard.rollout.worker-id=rollout-0",
                        "flowguard.rollout.device=cuda:1",
                        "flowguard.rollout.groups-in-flight=5",
                        "flowguard.rollout.drain-timeout=1s",
                        "flowguard.rollout.policy-timeout=2s",
                        "flowguard.rollout.submit-timeout=3s")
                .run(context -> assertThat(context.getBean(RolloutProperties.class))
                        .isEqualTo(new RolloutProperties(
                                "dns:///learner:7080",
                                "rollout-0",
                                "cuda:1",
                                5,
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(3))));
    }

    @Test
    void saysWhatIsMissing() {
        runner.withPropertyValues("flowguard.rollout.coordinator=").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("flowguard.rollout.coordinator is missing"));
    }

    @Test
    void refusesAnImpossibleNumberOfGroups() {
        runner.withPropertyValues("flowguard.rollout.groups-in-flight=0").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(InputException.class)
                .hasMessage("flowguard.rollout.groups-in-flight is 0: give 1 to 64"));
    }

    @EnableConfigurationProperties(RolloutProperties.class)
    static class Enabled {}
}
