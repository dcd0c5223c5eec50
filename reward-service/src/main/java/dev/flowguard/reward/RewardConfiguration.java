package dev.flowguard.reward;

import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.tensor.NearestName;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.grpc.server.GrpcServerFactory;

/** The beans of the service. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RewardProperties.class)
@Import({BuiltInScorers.class, BridgedScorers.class})
class RewardConfiguration {

    @Bean
    ImageDecoders imageDecoders(RewardProperties properties) {
        return new ImageDecoders(properties.limits());
    }

    @Bean
    RewardMetrics rewardMetrics(MeterRegistry registry) {
        return new RewardMetrics(registry);
    }

    /**
     * Spring closes it after the gRPC server has stopped, so that what is in flight is answered first; and then the scorers that own networks,
     * which are older.
     */
    @Bean
    ScorerRegistry scorerRegistry(
            ListableBeanFactory beans, RewardProperties properties, ImageDecoders decoder, RewardMetrics metrics) {
        List<String> known = Arrays.asList(beans.getBeanNamesForType(Scorer.class));
        List<Scorer> chosen = properties.scorers().stream()
                .map(name -> beans.getBean(requireKnown(name, known), Scorer.class))
                .toList();
        return ScorerRegistry.start(chosen, properties, decoder, metrics);
    }

    private static String requireKnown(String name, List<String> known) {
        if (known.contains(name)) {
            return name;
        }
        throw new RewardConfigurationException(
                "flowguard.reward.scorers names the unknown scorer '%s': did you mean '%s'? Known are %s."
                        .formatted(
                                name,
                                NearestName.of(name, known).orElseThrow(),
                                known.stream().sorted().collect(Collectors.joining(", "))));
    }

    @Bean
    ScorerGrpcService scorerGrpcService(
            ScorerRegistry scorers, ImageDecoders decoder, RewardProperties properties, RewardMetrics metrics) {
        return new ScorerGrpcService(scorers, decoder, properties, metrics);
    }

    /** Whoever balances load must hear of the end before the server stops taking RPCs; the closing event comes before any bean stops. */
    @Bean
    ApplicationListener<ContextClosedEvent> notServingFirst(ObjectProvider<HealthStatusManager> health) {
        health.ifAvailable(status -> status.setStatus(ScorerGrpc.SERVICE_NAME, ServingStatus.SERVING));
        return closed -> health.ifAvailable(HealthStatusManager::enterTerminalState);
    }

    /**
     * With {@code spring.grpc.server.inprocess.name} the service lives inside another program and listens on no socket: Boot's network server
     * backs off where there is another factory, and nothing starts a server from this one.
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
