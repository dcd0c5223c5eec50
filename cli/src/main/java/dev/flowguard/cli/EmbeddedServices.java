package dev.flowguard.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
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
     * @param services in the order in which they are to be closed
     */
    static EmbeddedServices start(List<Service> services) {
        ExecutorService starters = Executors.newFixedThreadPool(services.size());
        try {
            List<CompletableFuture<ConfigurableApplicationContext>> starting = services.stream()
                    .map(service -> CompletableFuture.supplyAsync(() -> start(service), starters))
                    .toList();
            CompletableFuture<?> all = CompletableFuture.allOf(starting.toArray(CompletableFuture[]::new));
            // Waits for all of them also where one has failed.
            all.exceptionally(failure -> null).join();
            List<ConfigurableApplicationContext> contexts = new ArrayList<>();
            for (CompletableFuture<ConfigurableApplicationContext> one : starting) {
                if (!one.isCompletedExceptionally()) {
                    contexts.add(one.join());
                }
            }
            EmbeddedServices started = new EmbeddedServices(contexts);
            if (all.isCompletedExceptionally()) {
                started.close();
                all.join();
            }
            return started;
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        } finally {
            starters.shutdown();
        }
    }

    private static ConfigurableApplicationContext start(Service service) {
        return service.application()
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .properties(Map.of("spring.main.banner-mode", "off", "spring.main.log-startup-info", "false"))
                .run(service.arguments().toArray(String[]::new));
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
