package dev.flowguard.reward;

import dev.flowguard.reward.bridge.HttpProperties;
import dev.flowguard.reward.bridge.HttpScorer;
import dev.flowguard.reward.bridge.KserveProperties;
import dev.flowguard.reward.bridge.KserveScorer;
import java.util.regex.Pattern;
import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.env.Environment;

/**
 * Scorers whose ids the user chooses: a lazy bean for every {@code flowguard.reward.http-endpoints.ID} and {@code kserve-endpoints.ID}, so
 * that one process can offer several endpoints of a kind.
 */
final class BridgedScorers implements BeanRegistrar {

    private static final String HTTP = "flowguard.reward.http-endpoints";
    private static final String KSERVE = "flowguard.reward.kserve-endpoints";
    private static final Pattern SCORER_ID = Pattern.compile("[a-z0-9-]+");

    /** Makes a scorer of an endpoint's settings, which have this prefix. */
    private interface Bridge<P> {
        Scorer open(String id, String prefix, P properties, SslBundles bundles);
    }

    @Override
    public void register(BeanRegistry beans, Environment settings) {
        register(beans, settings, HTTP, HttpProperties.class, HttpScorer::open);
        register(beans, settings, KSERVE, KserveProperties.class, KserveScorer::open);
    }

    private static <P> void register(
            BeanRegistry beans, Environment settings, String prefix, Class<P> type, Bridge<P> bridge) {
        Binder.get(settings)
                .bind(prefix, Bindable.mapOf(String.class, type))
                .ifBound(endpoints -> endpoints.forEach((id, properties) -> {
                    if (!SCORER_ID.matcher(id).matches()) {
                        throw new RewardConfigurationException(
                                "%s.%s: a scorer's id is made of a-z, 0-9 and -".formatted(prefix, id));
                    }
                    beans.registerBean(id, Scorer.class, bean -> bean.lazyInit()
                            .supplier(context ->
                                    bridge.open(id, prefix + "." + id, properties, context.bean(SslBundles.class))));
                }));
    }
}
