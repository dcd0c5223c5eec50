package dev.flowguard.cli;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.web.server.PortInUseException;

/** Recognises failures that the caller can mend, however deep a framework has wrapped them, and says how in one line. */
final class MendableFailure {

    private MendableFailure() {}

    /** The line for the first mendable failure in the chain of causes; empty where there is none. */
    static Optional<String> describe(Throwable failure) {
        Throwable outer = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String line = line(cause, outer);
            if (line != null) {
                return Optional.of(oneLine(line));
            }
            outer = cause;
        }
        return Optional.empty();
    }

    /** Who wraps an I/O failure knows better than the operating system what it was about. */
    private static @Nullable String line(Throwable cause, Throwable outer) {
        if (cause instanceof InputException || cause instanceof RewardConfigurationException) {
            return cause.getMessage();
        }
        if (cause instanceof UnboundConfigurationPropertiesException unknown) {
            return unknown.getUnboundProperties().stream()
                            .map(property -> "unknown setting " + property.getName())
                            .sorted()
                            .collect(Collectors.joining(", "))
                    + "; check the spelling";
        }
        if (cause instanceof PortInUseException http) {
            return "port " + http.getPort() + " is busy; stop what holds it or choose another with --http-port";
        }
        if (isAddressInUse(cause)) {
            return "the port is busy (" + about(cause, outer) + "); stop what holds it or choose another with --port";
        }
        if (cause instanceof IOException && isDiskFull(cause)) {
            return "the disk is full (" + about(cause, outer)
                    + "); free some space or choose another --output-dir, then go on with --resume";
        }
        if (cause instanceof FileSystemException file && file.getFile() != null) {
            return file.getFile() + ": " + reason(file);
        }
        return null;
    }

    private static @Nullable String about(Throwable cause, Throwable outer) {
        return outer.getMessage() == null ? cause.getMessage() : outer.getMessage();
    }

    /** The JDK's exception says it in its message, Netty's native transport says it with a type of its own. */
    private static boolean isAddressInUse(Throwable cause) {
        return cause instanceof BindException
                || (cause instanceof IOException && lowerCaseMessage(cause).contains("address already in use"));
    }

    /** "No space left on device" (Linux, macOS), "Disk quota exceeded", "There is not enough space on the disk" (Windows). */
    private static boolean isDiskFull(Throwable cause) {
        String message = lowerCaseMessage(cause);
        return message.contains("no space left")
                || message.contains("quota exceeded")
                || message.contains("not enough space on the disk");
    }

    private static String reason(FileSystemException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file or folder; check the path";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied; give this user the right to it or choose another path";
        }
        if (failure instanceof NotDirectoryException) {
            return "not a folder; check the path";
        }
        String reason = failure.getReason() == null ? failure.getClass().getSimpleName() : failure.getReason();
        return reason + "; check the path";
    }

    private static String lowerCaseMessage(Throwable cause) {
        return String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    }

    /** Joins the lines of a message, so that one failure is one line. */
    static String oneLine(@Nullable String message) {
        return String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
