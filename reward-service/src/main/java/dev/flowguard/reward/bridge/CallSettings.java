package dev.flowguard.reward.bridge;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How an endpoint is asked.
 *
 * @param timeout from the first byte of a request to the last of its response
 * @param maxResponse largest response that is read
 * @param maxBatchSize most items in a request
 * @param sslBundle name of one of Spring Boot's {@code spring.ssl.bundle}s, for a private certificate authority or a client certificate. Absent:
 *     the JDK's certificate authorities
 */
public record CallSettings(
        @DefaultValue("30s") Duration timeout,
        @DefaultValue("1MB") DataSize maxResponse,
        @DefaultValue("64") int maxBatchSize,
        @Nullable String sslBundle) {}
