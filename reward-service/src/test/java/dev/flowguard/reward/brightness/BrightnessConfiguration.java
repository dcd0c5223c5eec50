package dev.flowguard.reward.brightness;

import dev.flowguard.reward.Scorer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** A scorer from outside is a lazy bean, too, whose name is its id; component scanning finds it. */
@Configuration(proxyBeanMethods = false)
class BrightnessConfiguration {

    @Bean(BrightnessScorer.ID)
    @Lazy
    Scorer brightness() {
        return new BrightnessScorer();
    }
}
