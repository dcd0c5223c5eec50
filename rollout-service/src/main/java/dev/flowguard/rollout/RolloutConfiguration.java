package dev.flowguard.rollout;

import dev.flowguard.tensor.Device;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** The workers and what they need. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RolloutProperties.class)
class RolloutConfiguration {

    /** Calls within a run: a second or two of outage passes unseen, a longer one is ridden out within the deadline. */
    private static final Backoff CALL_BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

    private static final int CALL_TRIES = 10;

    /** Sessions: a learner that starts or restarts is found within two seconds, and a Hello costs next to nothing. */
    private static final Backoff SESSION_BACKOFF = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(2));

    @Bean
    Function<Device, GroupSampler.Loader> groupSamplerLoaders() {
        return PipelineSamplerLoader::new;
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
    RolloutWorkers rolloutWorkers(
            RolloutProperties properties,
            GrpcChannelFactory channels,
            Function<Device, GroupSampler.Loader> loaders,
            TaskScheduler rolloutScheduler,
            RolloutMetrics metrics) {
        RandomGenerator jitter = RandomGenerator.of("SecureRandom");
        Retry retry = new Retry(CALL_TRIES, CALL_BACKOFF, Pause.SLEEPING, jitter, metrics);
        return new RolloutWorkers(properties.perDevice().stream()
                .map(own ->
                        worker(own, new ChannelFactory(channels), loaders, rolloutScheduler, retry, jitter, metrics))
                .toList());
    }

    private static RolloutWorker worker(
            RolloutProperties own,
            ChannelFactory channels,
            Function<Device, GroupSampler.Loader> loaders,
            TaskScheduler scheduler,
            Retry retry,
            RandomGenerator jitter,
            RolloutMetrics metrics) {
        return new RolloutWorker(
                own,
                channels,
                loaders.apply(Device.parse(own.device())),
                scheduler,
                WorkerThreads.forGroups(own.groupsInFlight()),
                retry,
                new ScorerClients(
                        channels, retry, Pause.SLEEPING, System::nanoTime, jitter, metrics, own.groupsInFlight()),
                SESSION_BACKOFF,
                jitter,
                metrics);
    }

    @Bean
    RolloutHealthIndicator rolloutHealthIndicator(RolloutWorkers workers) {
        return new RolloutHealthIndicator(workers);
    }
}
