package dev.flowguard.reward.bridge;

import org.jspecify.annotations.Nullable;

/** An endpoint has no answer to a batch, whatever is in it; another try may succeed. The message is one line for a person. */
final class EndpointException extends Exception {

    EndpointException(String message) {
        super(message);
    }

    EndpointException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
