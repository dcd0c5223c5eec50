package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.DescribeResponse;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The address that is examined, and the RPCs that checks make to it. Thread-safe. */
final class Endpoint implements AutoCloseable {

    /** Some dozens of answers: a caller that does not read fills it at once, so that its server has to wait. */
    private static final int NARROW_WINDOW_BYTES = 1024;

    private static final int CLOSE_SECONDS = 5;

    private final ManagedChannel channel;
    private final ManagedChannel narrow;

    /**
     * @param channel closed with this
     * @param narrow another way to the same endpoint, which holds few answers that nobody reads; closed with this
     */
    Endpoint(ManagedChannel channel, ManagedChannel narrow) {
        this.channel = channel;
        this.narrow = narrow;
    }

    /** Connects by the first RPC, not here. */
    static Endpoint at(String target) {
        return new Endpoint(
                NettyChannelBuilder.forTarget(target).usePlaintext().build(),
                NettyChannelBuilder.forTarget(target)
                        .usePlaintext()
                        .flowControlWindow(NARROW_WINDOW_BYTES)
                        .build());
    }

    Channel channel() {
        return channel;
    }

    /** @throws io.grpc.StatusRuntimeException if it is not answered */
    DescribeResponse describe(Deadline deadline) {
        return ScorerGrpc.newBlockingStub(channel)
                .withDeadline(deadline)
                .describe(DescribeRequest.getDefaultInstance());
    }

    /** Begins an RPC whose answers are read as they come. */
    Exchange score(List<ScoreRequest> items, Deadline deadline) {
        return begin(channel, new Exchange(items, Integer.MAX_VALUE), deadline);
    }

    /** Begins an RPC of which nobody reads more than the first answer before {@link Exchange#readAll}. */
    Exchange scoreReadingOne(List<ScoreRequest> items, Deadline deadline) {
        return begin(narrow, new Exchange(items, 1), deadline);
    }

    private static Exchange begin(Channel over, Exchange exchange, Deadline deadline) {
        ScorerGrpc.newStub(over).withDeadline(deadline).score(exchange);
        return exchange;
    }

    @Override
    public void close() {
        for (ManagedChannel each : List.of(channel, narrow)) {
            each.shutdownNow();
            try {
                each.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
