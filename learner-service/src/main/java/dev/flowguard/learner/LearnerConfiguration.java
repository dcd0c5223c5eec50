package dev.flowguard.learner;

import dev.flowguard.learner.coordination.Coordinator;
import dev.flowguard.learner.coordination.CoordinatorService;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.training.RunListener;
import dev.flowguard.learner.training.TrainingSession;
import dev.flowguard.tensor.InputException;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.server.GrpcServerFactory;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(LearnerProperties.class)
class LearnerConfiguration {

    @Bean
    CoordinatorService coordinatorService() {
        return new CoordinatorService();
    }

    /** Reads the recipe and opens the output folder: whatever is wrong with them ends the start. */
    @Bean
    LearnerRun learnerRun(
            LearnerProperties properties,
            CoordinatorService service,
            MeterRegistry registry,
            ObjectProvider<RunListener> listeners) {
        Path recipe = properties.recipe();
        if (recipe == null) {
            throw new InputException("no recipe: start the learner with --flowguard.learner.recipe=FILE");
        }
        TrainingSession session = TrainingSession.open(
                recipe,
                new Overrides(
                        properties.preset(),
                        properties.iterations(),
                        properties.outputDir(),
                        properties.seed(),
                        properties.pipeline(),
                        properties.rewardTargets()),
                new TrainingSession.Settings(
                        properties.resume(),
                        properties.workersPipeline(),
                        properties.keptCheckpoints(),
                        limits(properties)),
                service,
                registry);
        return new LearnerRun(
                session, listeners.orderedStream().toList(), properties.heartbeatInterval(), properties.stopWithin());
    }

    private static Coordinator.Limits limits(LearnerProperties properties) {
        return new Coordinator.Limits(
                properties.leaseTime(),
                properties.longestLease(),
                properties.heartbeatInterval(),
                properties.maxTries(),
                properties.maxConcurrentGroups(),
                properties.warnAfter(),
                properties.giveUpAfter());
    }

    @Bean
    RunLog runLog() {
        return new RunLog();
    }

    @Bean
    LearnerHealthIndicator learnerHealthIndicator(LearnerRun run) {
        return new LearnerHealthIndicator(run);
    }

    /**
     * With {@code spring.grpc.server.inprocess.name} the learner lives inside another program and listens on no socket: Boot's
     * network server backs off where there is another factory, and nothing starts a server from this one.
     */
    @Bean
    @ConditionalOnProperty("spring.grpc.server.inprocess.name")
    GrpcServerFactory noNetworkServer() {
        return new GrpcServerFactory() {
            @Override
            public Server createServer() {
                throw new UnsupportedOperationException("in-process only");
            }

            @Override
            public void addService(ServerServiceDefinition service) {}
        };
    }
}
