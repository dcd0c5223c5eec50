package dev.flowguard.reward.bridge;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the header comes from that proves who asks. The value itself is no setting, so that it stands in no command line and no log.
 *
 * @param header the header's name
 * @param environmentVariable the environment variable that holds the whole value, as {@code Bearer abc}
 * @param file the file that holds it; it is read anew for every request, so a token in it may be rotated
 */
public record AuthSettings(
        @DefaultValue("Authorization") String header,
        @Nullable String environmentVariable,
        @Nullable Path file) {}
