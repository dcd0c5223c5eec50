package dev.flowguard.cli;

import java.nio.file.Path;
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
     * Keeps Spring Boot from setting up logging: it would do so anew for every context, and contexts that start side by side
     * trip over each other there.
     */
    static void withoutSpring() {
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    }
}
