package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** A scorer behind an in-process address, with the standard services that it is given. */
final class ServedEndpoint implements AutoCloseable {

    private final Server server;
    private final Endpoint endpoint;

    private ServedEndpoint(Server server, Endpoint endpoint) {
        this.server = server;
        this.endpoint = endpoint;
    }

    /** With health and reflection. */
    static ServedEndpoint of(HonestScorer scorer) {
        HealthStatusManager health = new HealthStatusManager();
        health.setStatus(ScorerGrpc.SERVICE_NAME, ServingStatus.SERVING);
        return of(scorer, List.of(health.getHealthService(), ProtoReflectionServiceV1.newInstance()));
    }

    static ServedEndpoint of(HonestScorer scorer, List<BindableService> others) {
        String name = InProcessServerBuilder.generateName();
        InProcessServerBuilder server = InProcessServerBuilder.forName(name).addService(scorer);
        others.forEach(server::addService);
        try {
            return new ServedEndpoint(
                    server.build().start(),
                    new Endpoint(
                            InProcessChannelBuilder.forName(name).build(),
                            InProcessChannelBuilder.forName(name).build()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public void close() {
        endpoint.close();
        server.shutdownNow();
    }
}
