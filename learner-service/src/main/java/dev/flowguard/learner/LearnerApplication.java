package dev.flowguard.learner;

import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.tensor.InputException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The learner service as a process, or as a part of another one. */
@SpringBootApplication
public class LearnerApplication {

    /**
     * The application, ready to run. Its settings are in {@code learner-service.yaml}, so that several services can share a
     * class path; inside another JVM add {@code .web(WebApplicationType.NONE)} and
     * {@code spring.grpc.server.inprocess.name}. Beans of type {@link dev.flowguard.learner.training.RunListener} watch the run.
     */
    public static SpringApplicationBuilder application() {
        return new SpringApplicationBuilder(LearnerApplication.class).properties("spring.config.name=learner-service");
    }

    /** Trains until the run is over (exit code 0), cannot be (2) or fails (1), or the process is told to stop. */
    public static void main(String[] args) {
        ConfigurableApplicationContext context = application().run(args);
        context.getBean(LearnerRun.class)
                .outcome()
                .thenAcceptAsync(outcome -> System.exit(SpringApplication.exit(context, () -> exitCode(outcome))));
    }

    private static int exitCode(RunOutcome outcome) {
        if (outcome.status() != RunOutcome.Status.FAILED) {
            return 0;
        }
        return outcome.cause() instanceof InputException ? 2 : 1;
    }
}
