package dev.flowguard.learner;

import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.tensor.InputException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The learner service as a process, or as a part of another one. */
@SpringBootApplication
public class LearnerApplication {

    private static final Logger log = LoggerFactory.getLogger(LearnerApplication.class);
    private static final int FAILED = 1;
    private static final int MENDABLE = 2;
    private static final int HALTED = 3;

    /**
     * The application, ready to run. Its settings are in {@code learner-service.yaml}, so that several services can share a
     * class path; inside another JVM add {@code .web(WebApplicationType.NONE)} and
     * {@code spring.grpc.server.inprocess.name}. Beans of type {@link dev.flowguard.learner.training.RunListener} watch the run.
     */
    public static SpringApplicationBuilder application() {
        return new SpringApplicationBuilder(LearnerApplication.class).properties("spring.config.name=learner-service");
    }

    /**
     * Trains until the run is over (exit code 0), cannot be because of something that the caller can mend (2), is halted by
     * its sentinel (3) or fails (1), or the process is told to stop. Why a run failed is the last thing it logs.
     */
    public static void main(String[] args) {
        ConfigurableApplicationContext context = start(args);
        context.getBean(LearnerRun.class).outcome().thenAcceptAsync(outcome -> {
            logFailure(outcome);
            System.exit(SpringApplication.exit(context, () -> exitCode(outcome)));
        });
    }

    private static ConfigurableApplicationContext start(String[] args) {
        try {
            return application().run(args);
        } catch (RuntimeException e) {
            // Spring has reported it.
            System.exit(InputFailureAnalyzer.isCausedByInput(e) ? MENDABLE : FAILED);
            throw e;
        }
    }

    private static void logFailure(RunOutcome outcome) {
        Throwable cause = outcome.cause();
        if (cause instanceof InputException) {
            log.error("{}", cause.getMessage());
        } else if (cause != null) {
            log.error("the run failed", cause);
        }
    }

    private static int exitCode(RunOutcome outcome) {
        if (outcome.status() != RunOutcome.Status.FAILED) {
            return outcome.status() == RunOutcome.Status.HALTED ? HALTED : 0;
        }
        return outcome.cause() instanceof InputException ? MENDABLE : FAILED;
    }
}
