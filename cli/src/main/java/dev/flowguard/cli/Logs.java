package dev.flowguard.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Where log lines go while a command shows a person something better. */
public final class Logs {

    private Logs() {}

    /** Warnings to standard error, and nothing else. To be called before the first logger is made. */
    public static void warningsOnly() {
        System.setProperty("logback.configurationFile", "dev/flowguard/cli/logback-terminal.xml");
    }

    /** Into a file, appending. To be called before the first logger is made. */
    static void into(Path file) {
        System.setProperty("flowguard.log", file.toString());
        System.setProperty("logback.configurationFile", "dev/flowguard/cli/logback-file.xml");
        // gRPC logs to java.util.logging, which would write to the terminal.
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    /**
     * Warnings and errors of our own, wherever else they go, are also shown to a person: their messages alone.
     *
     * @param shown called on whatever thread warns, also on several at once
     * @return ends it
     */
    static SafeCloseable warnings(Consumer<String> shown) {
        Logger ours = ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger("dev.flowguard");
        // Not the synchronised one: whoever shows a warning may hold a lock, and warn.
        UnsynchronizedAppenderBase<ILoggingEvent> appender = new UnsynchronizedAppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
                    shown.accept(event.getFormattedMessage());
                }
            }
        };
        appender.setContext(ours.getLoggerContext());
        appender.start();
        ours.addAppender(appender);
        return () -> ours.detachAppender(appender);
    }

    /** Closing it throws nothing. */
    @FunctionalInterface
    interface SafeCloseable extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Keeps Spring Boot from setting up logging: it would do so anew for every context, and contexts that start side by side
     * trip over each other there.
     */
    static void withoutSpring() {
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    }
}
