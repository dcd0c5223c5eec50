package dev.flowguard.reward;

import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.reward.artefact.ArtefactScorer;
import dev.flowguard.reward.bridge.HttpScorer;
import dev.flowguard.reward.bridge.KserveScorer;
import dev.flowguard.reward.clip.AestheticScorer;
import dev.flowguard.reward.clip.SimilarityScorer;
import dev.flowguard.reward.geneval.GenEvalScorer;
import dev.flowguard.reward.imagereward.ImageRewardScorer;
import dev.flowguard.reward.jpeg.JpegSizeScorer;
import dev.flowguard.reward.ocr.OcrScorer;
import dev.flowguard.reward.reference.ReferenceSimilarityScorer;
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
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.grpc.server.GrpcServerFactory;

/** The beans of the service. A scorer is a lazy bean whose name is its id. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RewardProperties.class)
@Import(BridgedScorers.class)
class RewardConfiguration {

    @Bean(OcrScorer.ID)
    @Lazy
    Scorer ocr(RewardProperties properties) {
        return new OcrScorer(properties.ocr());
    }

    @Bean(JpegSizeScorer.COMPRESSIBILITY)
    @Lazy
    Scorer jpegCompressibility() {
        return JpegSizeScorer.compressibility();
    }

    @Bean(JpegSizeScorer.INCOMPRESSIBILITY)
    @Lazy
    Scorer jpegIncompressibility() {
        return JpegSizeScorer.incompressibility();
    }

    @Bean(ReferenceSimilarityScorer.ID)
    @Lazy
    Scorer referenceSimilarity(RewardProperties properties) {
        return ReferenceSimilarityScorer.open(properties.referenceSimilarity());
    }

    @Bean(ArtefactScorer.ID)
    @Lazy
    Scorer artefact() {
        return new ArtefactScorer();
    }

    @Bean(SimilarityScorer.PICKSCORE)
    @Lazy
    Scorer pickscore(RewardProperties properties) {
        return SimilarityScorer.pickscore(properties.pickscore());
    }

    @Bean(SimilarityScorer.CLIPSCORE)
    @Lazy
    Scorer clipscore(RewardProperties properties) {
        return SimilarityScorer.clipscore(properties.clipscore());
    }

    @Bean(SimilarityScorer.HPSV2)
    @Lazy
    Scorer hpsv2(RewardProperties properties) {
        return SimilarityScorer.hpsv2(properties.hpsv2());
    }

    @Bean(AestheticScorer.ID)
    @Lazy
    Scorer aesthetic(RewardProperties properties) {
        return AestheticScorer.open(properties.aesthetic());
    }

    @Bean(ImageRewardScorer.ID)
    @Lazy
    Scorer imageReward(RewardProperties properties) {
        return ImageRewardScorer.open(properties.imageReward());
    }

    @Bean(GenEvalScorer.ID)
    @Lazy
    Scorer geneval(RewardProperties properties) {
        return GenEvalScorer.open(properties.geneval());
    }

    @Bean(HttpScorer.ID)
    @Lazy
    Scorer http(RewardProperties properties, SslBundles bundles) {
        return HttpScorer.open(HttpScorer.ID, "flowguard.reward.http", properties.http(), bundles);
    }

    @Bean(KserveScorer.ID)
    @Lazy
    Scorer kserve(RewardProperties properties, SslBundles bundles) {
        return KserveScorer.open(KserveScorer.ID, "flowguard.reward.kserve", properties.kserve(), bundles);
    }

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
