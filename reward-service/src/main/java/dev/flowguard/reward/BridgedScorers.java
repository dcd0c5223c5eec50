package dev.flowguard.reward;

import dev.flowguard.reward.bridge.HttpProperties;
import dev.flowguard.reward.bridge.HttpScorer;
import dev.flowguard.reward.bridge.KserveProperties;
import dev.flowguard.reward.bridge.KserveScorer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.env.Environment;

/**
 * The scorers that ask another server: lazy beans {@code http} and {@code kserve}, and one for every {@code
 * flowguard.reward.http-endpoints.ID} and {@code kserve-endpoints.ID}, so that one process can offer several endpoints of a kind.
 */
final class BridgedScorers implements BeanRegistrar {

    private static final String HTTP = "flowguard.reward.http";
    private static final String KSERVE = "flowguard.reward.kserve";
    private static final String SEVERAL = "-endpoints";
    private static final Pattern SCORER_ID = Pattern.compile("[a-z0-9-]+");

    /** Makes a scorer of an endpoint's settings, which have this prefix. */
    private interface Bridge<P> {
        Scorer open(String id, String prefix, P properties, SslBundles bundles);
    }

    @Override
    public void register(BeanRegistry beans, Environment settings) {
        scorer(beans, HttpScorer.ID, HTTP, RewardProperties::http, HttpScorer::open);
        scorer(beans, KserveScorer.ID, KSERVE, RewardProperties::kserve, KserveScorer::open);
        several(beans, settings, HTTP + SEVERAL, HttpProperties.class, HttpScorer::open);
        several(beans, settings, KSERVE + SEVERAL, KserveProperties.class, KserveScorer::open);
    }

    private static <P> void several(
            BeanRegistry beans, Environment settings, String prefix, Class<P> type, Bridge<P> bridge) {
        Binder.get(settings)
                .bind(prefix, Bindable.mapOf(String.class, type))
                .ifBound(endpoints -> endpoints.forEach((id, properties) -> {
                    if (!SCORER_ID.matcher(id).matches()) {
                        throw new RewardConfigurationException(
                                "%s.%s: a scorer's id is made of a-z, 0-9 and -".formatted(prefix, id));
                    }
                    scorer(beans, id, prefix + "." + id, whole -> properties, bridge);
                }));
    }

    private static <P> void scorer(
            BeanRegistry beans, String id, String prefix, Function<RewardProperties, P> settings, Bridge<P> bridge) {
        beans.registerBean(id, Scorer.class, bean -> bean.lazyInit()
                .supplier(context -> bridge.open(
                        id,
                        prefix,
                        settings.apply(context.bean(RewardProperties.class)),
                        context.bean(SslBundles.class))));
    }
}
