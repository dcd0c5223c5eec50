package dev.flowguard.rollout;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.GrpcChannelFactory;

/**
 * One channel a target for the life of the process. Targets are {@code in-process:NAME}, {@code host:port} or any of
 * gRPC's own, such as {@code dns:///reward-ocr:7070}. Thread-safe; Spring's factory beneath closes the channels.
 */
final class ChannelFactory {

    private static final String IN_PROCESS = "in-process:";

    /** Policy chunks and answers stay well below; the margin is for senders that cut coarser than we do. */
    private static final int MAX_MESSAGE_BYTES = 16 << 20;

    /** The work is drained before; what is open now waits for a peer that does not answer. */
    private static final Duration SHUTDOWN_GRACE = Duration.ofSeconds(2);

    /**
     * A headless Kubernetes service resolves to every pod: round robin sends new pods their share, and none to a pod that
     * says that it does not serve, because it is being stopped, say. A scorer without the standard health service is taken
     * to serve.
     */
    private static final Map<String, ?> REPLICAS = Map.of(
            "loadBalancingConfig", List.of(Map.of("round_robin", Map.of())),
            "healthCheckConfig", Map.of("serviceName", ""));

    private final GrpcChannelFactory channels;
    private final Map<String, ManagedChannel> open = new ConcurrentHashMap<>();
    private final Map<String, ManagedChannel> toScorers = new ConcurrentHashMap<>();

    ChannelFactory(GrpcChannelFactory channels) {
        this.channels = channels;
    }

    ManagedChannel to(String target) {
        return open.computeIfAbsent(target, wanted -> create(wanted, ChannelFactory::configure));
    }

    /** To a scorer, of which there may be several replicas behind one name. */
    ManagedChannel toScorer(String target) {
        return toScorers.computeIfAbsent(
                target,
                wanted -> create(wanted, builder -> {
                    if (!wanted.startsWith(IN_PROCESS)) {
                        builder.defaultServiceConfig(REPLICAS);
                    }
                    configure(builder);
                }));
    }

    private ManagedChannel create(String target, Consumer<ManagedChannelBuilder<?>> customizer) {
        return channels.createChannel(
                target,
                ChannelBuilderOptions.defaults()
                        .withShutdownGracePeriod(SHUTDOWN_GRACE)
                        .withCustomizer((to, builder) -> customizer.accept(builder)));
    }

    private static void configure(ManagedChannelBuilder<?> builder) {
        builder.maxInboundMessageSize(MAX_MESSAGE_BYTES);
        // Finds a peer that vanished without a word. Five minutes is what gRPC servers permit without being told.
        builder.keepAliveTime(5, TimeUnit.MINUTES);
        builder.keepAliveTimeout(20, TimeUnit.SECONDS);
    }
}
