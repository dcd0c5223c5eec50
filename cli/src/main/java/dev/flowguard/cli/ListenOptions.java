package dev.flowguard.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a service listens, and any further setting of it. */
final class ListenOptions {

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on; by default only this machine can connect (${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "Port for health and metrics over HTTP; 0 takes any free one, which is the default.")
    private int httpPort;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Any further setting of the service, such as flowguard.reward.workers=2. May be repeated.")
    private final Map<String, String> settings = new LinkedHashMap<>();

    /** As Spring wants them; {@code port} is null for a service that only calls others. */
    List<String> arguments(@Nullable Integer port) {
        List<String> arguments = new ArrayList<>();
        arguments.add("--server.address=" + host);
        arguments.add("--server.port=" + httpPort);
        if (port != null) {
            arguments.add("--spring.grpc.server.address=" + host);
            arguments.add("--spring.grpc.server.port=" + port);
        }
        settings.forEach((key, value) -> arguments.add("--" + key + "=" + value));
        return arguments;
    }
}
