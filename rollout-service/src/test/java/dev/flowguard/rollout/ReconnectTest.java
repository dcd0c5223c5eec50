package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/** Over real sockets: the learner is found however late it comes. */
@Timeout(60)
class ReconnectTest {

    @Test
    void findsALearnerThatStartsLater() throws IOException, InterruptedException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort());
        FakeCoordinator learner = new FakeCoordinator();
        try (ConfigurableApplicationContext worker = RolloutApplication.application()
                .web(WebApplicationType.NONE)
                .run("--flowguard.rollout.coordinator=127.0.0.1:" + address.getPort())) {
            while (worker.getBean(RolloutWorkers.class).statuses().get(0).reason() == null) {
                Thread.onSpinWait();
            }
            Server server = NettyServerBuilder.forAddress(address)
                    .addService(learner)
                    .build()
                    .start();
            try {
                assertThat(learner.nextSession().next().hasHello()).isTrue();
            } finally {
                server.shutdownNow();
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
