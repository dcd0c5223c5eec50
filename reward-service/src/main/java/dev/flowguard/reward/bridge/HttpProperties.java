package dev.flowguard.reward.bridge;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of an endpoint that answers JSON over HTTP, below {@code flowguard.reward.http}, or below {@code flowguard.reward.http-endpoints.ID}
 * for further ones.
 *
 * @param url where requests are posted to, {@code http} or {@code https}; needed by the scorer
 * @param prompt whether items carry their prompt
 * @param metadata whether items carry the metadata of their prompt
 * @param auth the header that proves who asks
 * @param call how the endpoint is asked
 * @param score what is known of its scores
 */
public record HttpProperties(
        @Nullable URI url,
        @DefaultValue("true") boolean prompt,
        @DefaultValue("false") boolean metadata,
        @DefaultValue AuthSettings auth,
        @DefaultValue CallSettings call,
        @DefaultValue ScoreSettings score) {}
