package dev.flowguard.rollout;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The rollout service as a process, or as a part of another one. */
@SpringBootApplication
public class RolloutApplication {

    /**
     * The application, ready to run. Its settings are in {@code rollout-service.yaml}, so that several services can
     * share a class path; inside another JVM add {@code .web(WebApplicationType.NONE)} and the learner's address.
     */
    public static SpringApplicationBuilder application() {
        return new SpringApplicationBuilder(RolloutApplication.class).properties("spring.config.name=rollout-service");
    }

    /** Serves until the run is over (exit code 0), is not for this worker (2), or the process is told to stop. */
    public static void main(String[] args) {
        ConfigurableApplicationContext context = application().run(args);
        context.getBean(RolloutWorkers.class)
                .end()
                .thenAcceptAsync(end -> System.exit(SpringApplication.exit(context, () -> end.runOver() ? 0 : 2)));
    }
}
