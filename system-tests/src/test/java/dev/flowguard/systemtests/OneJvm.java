package dev.flowguard.systemtests;

import dev.flowguard.learner.LearnerApplication;
import dev.flowguard.learner.LearnerRun;
import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.reward.RewardServiceApplication;
import dev.flowguard.rollout.RolloutApplication;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The three services in this JVM, with as many rollout workers as a test wants; they speak gRPC without sockets. */
final class OneJvm implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 120;

    private final String learner = "learner-" + UUID.randomUUID();
    private final String reward = "reward-" + UUID.randomUUID();
    private final Deque<ConfigurableApplicationContext> contexts = new ArrayDeque<>();

    private OneJvm() {}

    /** Trains a run whose only reward is {@code small-file}, to its end. */
    static RunOutcome train(SmallRun run, int workers, String... learnerArguments)
            throws InterruptedException, ExecutionException, TimeoutException {
        try (OneJvm services = new OneJvm()) {
            services.start(
                    RewardServiceApplication.builder(),
                    "--spring.grpc.server.inprocess.name=" + services.reward,
                    "--flowguard.reward.scorers=jpeg-compressibility");
            for (int worker = 0; worker < workers; worker++) {
                services.start(
                        RolloutApplication.application(),
                        "--flowguard.rollout.coordinator=in-process:" + services.learner,
                        "--flowguard.rollout.worker-id=worker-" + worker);
            }
            return services.start(LearnerApplication.application(), services.learnerArguments(run, learnerArguments))
                    .getBean(LearnerRun.class)
                    .outcome()
                    .toCompletableFuture()
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private String[] learnerArguments(SmallRun run, String... more) {
        String[] arguments = new String[4 + more.length];
        arguments[0] = "--spring.grpc.server.inprocess.name=" + learner;
        arguments[1] = "--flowguard.learner.recipe=" + run.recipe();
        arguments[2] = "--flowguard.learner.output-dir=" + run.output();
        arguments[3] = "--flowguard.learner.reward-targets.small-file=in-process:" + reward;
        System.arraycopy(more, 0, arguments, 4, more.length);
        return arguments;
    }

    private ConfigurableApplicationContext start(SpringApplicationBuilder application, String... arguments) {
        ConfigurableApplicationContext context = application
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .properties(Map.of("spring.main.banner-mode", "off", "spring.main.log-startup-info", "false"))
                .run(arguments);
        contexts.push(context);
        return context;
    }

    /** The learner first, so that its workers hear that the run is over. */
    @Override
    public void close() {
        contexts.forEach(ConfigurableApplicationContext::close);
    }
}
