package dev.flowguard.cli;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/** Several services in this JVM, each in a Spring context of its own; they speak gRPC without sockets. */
final class EmbeddedServices implements AutoCloseable {

    private final List<ConfigurableApplicationContext> contexts;

    private EmbeddedServices(List<ConfigurableApplicationContext> contexts) {
        this.contexts = contexts;
    }

    /** A service to start. */
    record Service(SpringApplicationBuilder application, List<String> arguments) {}

    /**
     * Starts the services side by side, which saves seconds. Where one fails, the others are closed and its failure is thrown.
     *
     * <p>INVARIANT: nothing that waits for {@code ApplicationReadyEvent}, such as a run, begins before every service is up.
     *
     * @param services in the order in which they are to be closed
     */
    static EmbeddedServices start(List<Service> services) {
        Logs.withoutSpring();
        ExecutorService starters = Executors.newFixedThreadPool(services.size());
        try {
            Barrier barrier = new Barrier(services.size());
            List<CompletableFuture<ConfigurableApplicationContext>> starting = services.stream()
                    .map(service -> CompletableFuture.supplyAsync(() -> start(service, barrier), starters))
                    .toList();
            CompletableFuture<?> all = CompletableFuture.allOf(starting.toArray(CompletableFuture[]::new));
            all.join();
            return new EmbeddedServices(
                    starting.stream().map(CompletableFuture::join).toList());
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        } finally {
            starters.shutdown();
        }
    }

    private static ConfigurableApplicationContext start(Service service, Barrier barrier) {
        try {
            return service.application()
                    .web(WebApplicationType.NONE)
                    .registerShutdownHook(false)
                    .properties(Map.of("spring.main.banner-mode", "off", "spring.main.log-startup-info", "false"))
                    .listeners((ApplicationListener<ApplicationStartedEvent>) started -> barrier.arriveAndAwaitAll())
                    .run(service.arguments().toArray(String[]::new));
        } catch (RuntimeException failure) {
            barrier.breakWith(failure);
            throw failure;
        }
    }

    /** Where services wait for each other; where one fails, all fail, and Spring closes what had started. */
    private static final class Barrier {

        private final CountDownLatch missing;
        private final CompletableFuture<Void> open = new CompletableFuture<>();

        private Barrier(int services) {
            missing = new CountDownLatch(services);
        }

        private void arriveAndAwaitAll() {
            missing.countDown();
            if (missing.getCount() == 0) {
                open.complete(null);
            }
            open.join();
        }

        private void breakWith(RuntimeException failure) {
            open.completeExceptionally(failure);
        }
    }

    /** The bean of that type, in whichever service has it. */
    <T> T bean(Class<T> type) {
        return contexts.stream()
                .flatMap(context -> context.getBeanProvider(type).stream())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no service has a " + type.getSimpleName()));
    }

    @Override
    public void close() {
        contexts.forEach(ConfigurableApplicationContext::close);
    }
}
