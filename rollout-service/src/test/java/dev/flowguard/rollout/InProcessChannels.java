package dev.flowguard.rollout;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.GrpcChannelFactory;

/** Servers and channels of one test, closed with it. */
final class InProcessChannels implements GrpcChannelFactory, AutoCloseable {

    private static final String PREFIX = "in-process:";

    private final Deque<Runnable> closing = new ArrayDeque<>();

    /** Starts a server and returns its target. */
    String serve(BindableService service) {
        String name = UUID.randomUUID().toString();
        try {
            Server server = InProcessServerBuilder.forName(name)
                    .addService(service)
                    .build()
                    .start();
            closing.push(server::shutdownNow);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return PREFIX + name;
    }

    @Override
    public boolean supports(String target) {
        return target.startsWith(PREFIX);
    }

    @Override
    public ManagedChannel createChannel(String target, ChannelBuilderOptions options) {
        ManagedChannel channel = InProcessChannelBuilder.forName(target.substring(PREFIX.length()))
                .build();
        closing.push(channel::shutdownNow);
        return channel;
    }

    @Override
    public void close() {
        closing.forEach(Runnable::run);
    }
}
