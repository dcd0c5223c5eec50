package dev.flowguard.reward.bridge;

import dev.flowguard.reward.RewardConfigurationException;
import java.util.Optional;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * Checks what both bridges are told alike.
 *
 * @param prefix of the endpoint's settings: messages name the key that is wrong
 */
record BridgeSettings(String prefix, SslBundles bundles) {

    ScoreRange checked(CallSettings call, ScoreSettings score) {
        require(call.timeout().toMillis() > 0, "call.timeout", "must be positive, not " + call.timeout());
        require(
                call.maxResponse().toBytes() > 0 && call.maxResponse().toBytes() <= Integer.MAX_VALUE,
                "call.max-response",
                "must be positive and below 2GB, not " + call.maxResponse());
        require(call.maxBatchSize() > 0, "call.max-batch-size", "must be at least 1, not " + call.maxBatchSize());
        require(score.version() == null || !score.version().isBlank(), "score.version", "must not be blank");
        Double min = score.rangeMin();
        Double max = score.rangeMax();
        require(
                (min == null || Double.isFinite(min)) && (max == null || Double.isFinite(max)),
                "score.range-min and range-max",
                "must be finite: leave out the side that is unbounded");
        require(min == null || max == null || min < max, "score.range-min", "must be below range-max");
        return new ScoreRange(min, max);
    }

    Optional<Credential> credential(AuthSettings auth) {
        return Credential.of(auth, prefix, System::getenv);
    }

    Optional<SslBundle> sslBundle(CallSettings call) {
        try {
            return Optional.ofNullable(call.sslBundle()).map(bundles::getBundle);
        } catch (NoSuchSslBundleException e) {
            throw wrong(
                    "call.ssl-bundle",
                    "names %s; spring.ssl.bundle defines %s".formatted(call.sslBundle(), bundles.getBundleNames()));
        }
    }

    void require(boolean holds, String key, String message) {
        if (!holds) {
            throw wrong(key, message);
        }
    }

    RewardConfigurationException wrong(String key, String message) {
        return new RewardConfigurationException("%s.%s %s".formatted(prefix, key, message));
    }
}
