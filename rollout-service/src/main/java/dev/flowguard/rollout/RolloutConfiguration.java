package dev.flowguard.rollout;

import dev.flowguard.tensor.Device;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** The worker and what it needs. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RolloutProperties.class)
class RolloutConfiguration {

    /** Calls within a run: a second or two of outage passes unseen, a longer one is ridden out within the deadline. */
    private static final Backoff CALL_BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

    private static final int CALL_TRIES = 10;

    /** Sessions: a learner that starts or restarts is found within two seconds, and a Hello costs next to nothing. */
    private static final Backoff SESSION_BACKOFF = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(2));

    @Bean
    GroupSampler.Loader groupSamplerLoader(RolloutProperties properties) {
        return new PipelineSamplerLoader(Device.parse(properties.device()));
    }

    @Bean
    TaskScheduler rolloutScheduler() {
        ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
        scheduler.setPoolSize(1);
        scheduler.setThreadNamePrefix("rollout-timer-");
        scheduler.setDaemon(true);
        // Heartbeats go on while the worker drains, and that begins with the context's close.
        scheduler.setAcceptTasksAfterContextClose(true);
        return scheduler;
    }

    @Bean
    RolloutMetrics rolloutMetrics(MeterRegistry registry) {
        return new RolloutMetrics(registry);
    }

    @Bean
    RolloutWorker rolloutWorker(
            RolloutProperties properties,
            GrpcChannelFactory channels,
            GroupSampler.Loader loader,
            TaskScheduler rolloutScheduler,
            RolloutMetrics metrics) {
        RandomGenerator jitter = RandomGenerator.of("SecureRandom");
        return new RolloutWorker(
                properties,
                new ChannelFactory(channels),
                loader,
                rolloutScheduler,
                WorkerThreads.forGroups(properties.groupsInFlight()),
                new Retry(CALL_TRIES, CALL_BACKOFF, Pause.SLEEPING, jitter, metrics),
                SESSION_BACKOFF,
                jitter,
                metrics);
    }

    @Bean
    RolloutHealthIndicator rolloutHealthIndicator(RolloutWorker worker) {
        return new RolloutHealthIndicator(worker);
    }
}
