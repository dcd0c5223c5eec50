package dev.flowguard.reward.brightness;

import dev.flowguard.reward.Scorer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** The bean that {@code docs/rewards.md} adds to {@code RewardConfiguration}; component scanning finds it here. */
@Configuration(proxyBeanMethods = false)
class BrightnessConfiguration {

    @Bean(BrightnessScorer.ID)
    @Lazy
    Scorer brightness() {
        return new BrightnessScorer();
    }
}
