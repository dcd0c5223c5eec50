package dev.flowguard.reward;

import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** The reward service as a process of its own. Settings come as {@code --property=value}; the defaults are in {@code reward-service.yaml}. */
@SpringBootApplication
public class RewardServiceApplication {

    public static void main(String[] args) {
        builder().run(args);
    }

    /** The application, ready to run. Reads {@code reward-service.yaml}, because in one JVM the three services' {@code application.yaml} would hide one another. */
    public static SpringApplicationBuilder builder() {
        return new SpringApplicationBuilder(RewardServiceApplication.class)
                .main(RewardServiceApplication.class)
                .bannerMode(Banner.Mode.OFF)
                .properties("spring.config.name=reward-service");
    }
}
