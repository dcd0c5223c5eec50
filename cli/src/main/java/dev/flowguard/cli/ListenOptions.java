package dev.flowguard.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a service listens, and any further setting of it. */
final class ListenOptions {

    /** What the services' settings begin with. */
    private static final Set<String> ROOTS = Set.of("flowguard", "spring", "server", "management", "logging");

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
            description =
                    "Any further setting of the service, such as workers=2 or flowguard.reward.workers=2 of the reward"
                            + " service. May be repeated.")
    private final Map<String, String> settings = new LinkedHashMap<>();

    /**
     * As Spring wants them.
     *
     * @param service below whose settings a key without a root of its own is taken, such as {@code flowguard.reward}
     * @param port null for a service that only calls others
     */
    List<String> arguments(String service, @Nullable Integer port) {
        List<String> arguments = new ArrayList<>();
        arguments.add("--server.address=" + host);
        arguments.add("--server.port=" + httpPort);
        if (port != null) {
            arguments.add("--spring.grpc.server.address=" + host);
            arguments.add("--spring.grpc.server.port=" + port);
        }
        settings.forEach((key, value) -> arguments.add("--" + whole(key, service) + "=" + value));
        return arguments;
    }

    private static String whole(String key, String service) {
        return ROOTS.stream().anyMatch(root -> key.startsWith(root + ".")) ? key : service + "." + key;
    }
}
