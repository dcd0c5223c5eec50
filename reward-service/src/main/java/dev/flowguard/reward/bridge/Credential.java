package dev.flowguard.reward.bridge;

import dev.flowguard.reward.RewardConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A header that proves who asks.
 *
 * <p>INVARIANT: its value is in no message, no log line and no {@code toString}.
 */
final class Credential {

    private static final int MAX_BYTES = 64 * 1024;

    /** Reads the value. Messages of its exception tell where it should be, never what it is. */
    private interface Source {
        String read() throws IOException;
    }

    private final String header;
    private final Source source;

    private Credential(String header, Source source) {
        this.header = header;
        this.source = source;
    }

    /**
     * The credential that the settings name; empty if they name none.
     *
     * @param prefix of the endpoint's settings, for messages
     * @param environment the values of environment variables, null where unset
     * @throws RewardConfigurationException if it cannot be read
     */
    static Optional<Credential> of(AuthSettings settings, String prefix, UnaryOperator<@Nullable String> environment) {
        String variable = settings.environmentVariable();
        if (variable != null && settings.file() != null) {
            throw new RewardConfigurationException(
                    "%s.auth names an environment variable and a file: leave one of them out".formatted(prefix));
        }
        Source source;
        if (variable != null) {
            String value = environment.apply(variable);
            if (value == null) {
                throw new RewardConfigurationException(
                        "%s.auth.environment-variable names %s, which is not set".formatted(prefix, variable));
            }
            source = () -> headerValue(value, "the environment variable " + variable);
        } else if (settings.file() != null) {
            source = () -> {
                try (InputStream file = Files.newInputStream(settings.file())) {
                    String text = new String(file.readNBytes(MAX_BYTES), StandardCharsets.UTF_8);
                    return headerValue(text, "the file " + settings.file());
                }
            };
        } else {
            return Optional.empty();
        }
        Credential credential = new Credential(settings.header(), source);
        try {
            credential.value();
        } catch (EndpointException e) {
            throw new RewardConfigurationException("%s.auth: %s".formatted(prefix, e.getMessage()));
        }
        return Optional.of(credential);
    }

    String header() {
        return header;
    }

    /** The header's value, as it is now. */
    String value() throws EndpointException {
        try {
            return source.read();
        } catch (IOException e) {
            throw new EndpointException("the credential cannot be read: " + e.getMessage(), e);
        }
    }

    private static String headerValue(String text, String where) throws IOException {
        String value = text.strip();
        if (value.isEmpty() || !value.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            throw new IOException(where + " must hold one line of ASCII, such as: Bearer TOKEN");
        }
        return value;
    }
}
