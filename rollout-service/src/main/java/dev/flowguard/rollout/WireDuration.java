package dev.flowguard.rollout;

import java.time.Duration;

/** Durations on the wire and off it. */
final class WireDuration {

    private WireDuration() {}

    static Duration read(com.google.protobuf.Duration wire) {
        return Duration.ofSeconds(wire.getSeconds(), wire.getNanos());
    }

    static com.google.protobuf.Duration write(Duration duration) {
        return com.google.protobuf.Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }
}
