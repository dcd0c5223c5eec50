package dev.flowguard.rollout;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
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

    private final GrpcChannelFactory channels;
    private final Map<String, ManagedChannel> open = new ConcurrentHashMap<>();

    ChannelFactory(GrpcChannelFactory channels) {
        this.channels = channels;
    }

    ManagedChannel to(String target) {
        return open.computeIfAbsent(
                target,
                wanted -> channels.createChannel(
                        wanted,
                        ChannelBuilderOptions.defaults()
                                .withShutdownGracePeriod(SHUTDOWN_GRACE)
                                .withCustomizer(ChannelFactory::configure)));
    }

    private static void configure(String target, ManagedChannelBuilder<?> builder) {
        if (!target.startsWith(IN_PROCESS)) {
            // A headless Kubernetes service resolves to every pod: round robin sends new pods their share.
            builder.defaultLoadBalancingPolicy("round_robin");
        }
        builder.maxInboundMessageSize(MAX_MESSAGE_BYTES);
        // Finds a peer that vanished without a word. Five minutes is what gRPC servers permit without being told.
        builder.keepAliveTime(5, TimeUnit.MINUTES);
        builder.keepAliveTimeout(20, TimeUnit.SECONDS);
    }
}
