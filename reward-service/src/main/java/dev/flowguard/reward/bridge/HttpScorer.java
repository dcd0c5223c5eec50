package dev.flowguard.reward.bridge;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import org.springframework.boot.ssl.SslBundles;

/**
 * The scorer {@code http}: a reward model behind any address that answers JSON over HTTP, as {@link HttpEndpoint} says. The first request is that
 * of the first item: the endpoint need not be there when the service starts.
 */
public final class HttpScorer implements Scorer {

    /** The id of the endpoint whose settings lie directly below {@code flowguard.reward.http}. */
    public static final String ID = "http";

    private final ScorerDescription description;
    private final HttpEndpoint endpoint;
    private final int maxBatchSize;
    private final ScoreRange range;

    private HttpScorer(ScorerDescription description, HttpEndpoint endpoint, int maxBatchSize, ScoreRange range) {
        this.description = description;
        this.endpoint = endpoint;
        this.maxBatchSize = maxBatchSize;
        this.range = range;
    }

    /**
     * Makes the scorer; asks nothing yet.
     *
     * @param id the scorer's id
     * @param prefix of its settings, for messages
     * @throws RewardConfigurationException if a setting is missing or wrong
     */
    public static HttpScorer open(String id, String prefix, HttpProperties properties, SslBundles bundles) {
        BridgeSettings settings = new BridgeSettings(prefix, bundles);
        URI url = properties.url();
        if (url == null) {
            throw settings.wrong("url", "is not set: say where items are to be posted, as in http://host:port/path");
        }
        boolean web = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        settings.require(
                web && url.getHost() != null, "url", "must be http://... or https://..., not " + url.getScheme());
        settings.require(
                url.getUserInfo() == null, "url", "must not hold a password: name it with " + prefix + ".auth");
        ScoreRange range = settings.checked(properties.call(), properties.score());
        HttpClient.Builder client = HttpClient.newBuilder()
                // Over plain HTTP the JDK would ask to change to version 2, which simple servers do not understand.
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(properties.call().timeout())
                .followRedirects(HttpClient.Redirect.NEVER);
        settings.sslBundle(properties.call()).ifPresent(bundle -> client.sslContext(bundle.createSslContext()));
        requireSendable(properties.auth().header(), settings);
        String version = properties.score().version() == null
                ? ScoreSettings.UNVERSIONED
                : properties.score().version();
        HttpEndpoint endpoint =
                new HttpEndpoint(client.build(), url, settings.credential(properties.auth()), properties, version);
        ScorerDescription.Builder description = ScorerDescription.newBuilder()
                .setScorerId(id)
                .setVersion(version)
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .setArity(Arity.ARITY_POINTWISE)
                .setDeterministic(properties.score().deterministic());
        if (properties.prompt()) {
            description.addInputs(ScorerInput.SCORER_INPUT_PROMPT);
        }
        if (properties.metadata()) {
            description.addInputs(ScorerInput.SCORER_INPUT_METADATA);
        }
        range.describe(description);
        return new HttpScorer(description.build(), endpoint, properties.call().maxBatchSize(), range);
    }

    /** The JDK's client keeps some headers to itself. */
    private static void requireSendable(String header, BridgeSettings settings) {
        try {
            HttpRequest.newBuilder().header(header, "");
        } catch (IllegalArgumentException e) {
            throw settings.wrong("auth.header", "cannot be sent: " + e.getMessage());
        }
    }

    @Override
    public ScorerDescription description() {
        return description;
    }

    @Override
    public ScorerWorker newWorker() {
        return new BridgeWorker(endpoint, maxBatchSize, range);
    }
}
