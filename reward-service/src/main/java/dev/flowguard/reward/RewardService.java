package dev.flowguard.reward;

import java.io.IOException;
import org.springframework.beans.factory.support.BeanDefinitionOverrideException;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/**
 * A running reward service inside this JVM.
 *
 * <p>In one JVM with its callers, without sockets: {@code RewardService.start("--spring.grpc.server.inprocess.name=reward",
 * "--spring.main.web-application-type=none")}; callers use {@code InProcessChannelBuilder.forName("reward")}.
 */
public final class RewardService implements AutoCloseable {

    /** Spring's own reports of a failed start: whoever calls {@link #start} gets the exception and tells the user. */
    private static final String[] SILENT_ABOUT_FAILED_STARTS = {
        "logging.level.org.springframework.boot.SpringApplication=off",
        "logging.level.org.springframework.boot.diagnostics=off",
        "logging.level.org.springframework.boot.autoconfigure.logging=off",
        "logging.level.org.springframework.context.annotation.AnnotationConfigApplicationContext=error",
        "logging.level.org.springframework.boot.web.server.servlet.context=error"
    };

    private final ConfigurableApplicationContext context;

    private RewardService(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /**
     * Starts the service. The caller closes it; no JVM shutdown hook is set.
     *
     * @param settings {@code --property=value}, as on the command line
     * @throws RewardConfigurationException if a setting is wrong or a port is busy; its message is one line for the user
     */
    public static RewardService start(String... settings) {
        try {
            return new RewardService(RewardServiceApplication.builder()
                    .properties(SILENT_ABOUT_FAILED_STARTS)
                    .registerShutdownHook(false)
                    .run(settings));
        } catch (RuntimeException e) {
            throw explained(e);
        }
    }

    private static RuntimeException explained(RuntimeException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RewardConfigurationException configuration) {
                return configuration;
            }
            if (cause instanceof BeanDefinitionOverrideException taken) {
                return new RewardConfigurationException(
                        "%s is the name of another scorer or part of the service: give the endpoint another id"
                                .formatted(taken.getBeanName()),
                        failure);
            }
            if (cause instanceof UnboundConfigurationPropertiesException unbound) {
                return new RewardConfigurationException(
                        "unknown setting "
                                + unbound.getUnboundProperties()
                                        .iterator()
                                        .next()
                                        .getName() + ": check its spelling",
                        failure);
            }
            if (cause instanceof IOException busy) {
                return new RewardConfigurationException(
                        "cannot listen (%s): choose another spring.grpc.server.port or server.port"
                                .formatted(busy.getMessage()),
                        failure);
            }
        }
        return failure;
    }

    /** The TCP port of the gRPC server, also where port 0 was asked for; −1 if it is in-process only. */
    public int grpcPort() {
        return context.getBeanProvider(GrpcServerLifecycle.class).stream()
                .mapToInt(GrpcServerLifecycle::getPort)
                .max()
                .orElse(-1);
    }

    /** The TCP port of health and metrics, also where port 0 was asked for; −1 without a web server. */
    public int httpPort() {
        return context.getEnvironment().getProperty("local.server.port", Integer.class, -1);
    }

    /** Reports NOT_SERVING, answers what is in flight (at most {@code spring.grpc.server.shutdown.grace-period}), stops. */
    @Override
    public void close() {
        context.close();
    }
}
