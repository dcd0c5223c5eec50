package dev.flowguard.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.Banner;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

/** A service that has a JVM to itself. */
final class ServedProcess implements AutoCloseable {

    /** Spring reports a failed start at length; {@link FailureHandler} says the same in one line. */
    private static final List<String> QUIET = List.of(
            "spring.main.log-startup-info=false",
            "logging.level.root=warn",
            "logging.level.dev.flowguard=info",
            "logging.level.org.springframework=error",
            "logging.level.org.springframework.boot.SpringApplication=off",
            "logging.level.org.springframework.boot.diagnostics=off",
            // Warns when a service that has already said that it stops is closed.
            "logging.level.io.grpc.protobuf.services=error");

    private final ConfigurableApplicationContext context;
    private final CountDownLatch closed;

    private ServedProcess(ConfigurableApplicationContext context, CountDownLatch closed) {
        this.context = context;
        this.closed = closed;
    }

    /** Starts the service and says where it listens. */
    static ServedProcess start(
            String name, SpringApplicationBuilder application, List<String> arguments, PrintWriter out) {
        AtomicReference<@Nullable Integer> port = new AtomicReference<>();
        CountDownLatch closed = new CountDownLatch(1);
        ApplicationListener<GrpcServerStartedEvent> started = event -> port.set(event.getPort());
        ApplicationListener<ContextClosedEvent> ended = event -> closed.countDown();
        ConfigurableApplicationContext context = application
                .bannerMode(Banner.Mode.OFF)
                .properties(QUIET.toArray(String[]::new))
                .listeners(started, ended)
                .run(arguments.toArray(String[]::new));
        Environment environment = context.getEnvironment();
        String listens = port.get() == null
                ? ""
                : " listens on " + environment.getProperty("spring.grpc.server.address") + ":" + port.get() + ",";
        String http = environment.getProperty("local.server.port");
        out.println(name + listens + " has health and metrics on port " + http + "; Ctrl-C stops it");
        return new ServedProcess(context, closed);
    }

    ConfigurableApplicationContext context() {
        return context;
    }

    /** Returns when the service has been told to stop. */
    void awaitClosed() throws InterruptedException {
        closed.await();
    }

    @Override
    public void close() {
        context.close();
    }
}
