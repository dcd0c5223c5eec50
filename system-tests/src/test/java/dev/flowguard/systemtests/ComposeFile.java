package dev.flowguard.systemtests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What {@code docker-compose.yml} says of its services: a test that starts them by this holds the file to the truth.
 *
 * @param baseImage the base image of a build for which {@code FLOWGUARD_BASE_IMAGE} is not set
 * @param services in the order of the file, in which every service follows those that it depends on
 */
record ComposeFile(String baseImage, List<Service> services) {

    private static final Pattern VARIABLE_WITH_DEFAULT = Pattern.compile("\\$\\{\\w+:-(.+)}");

    /**
     * @param name by which the others find it
     * @param dockerfile relative to the repository's root, which is the build's context
     * @param folders read-only folders of the repository, by the path at which the service sees them
     * @param volumes paths at which a named volume is mounted
     */
    record Service(
            String name,
            Path dockerfile,
            Map<String, String> environment,
            Map<String, Path> folders,
            List<String> volumes) {

        /** The module that the service is built from. */
        Path module() {
            return dockerfile.getName(0);
        }

        /** A variable that the file must set. */
        String variable(String variable) {
            @Nullable String value = environment.get(variable);
            if (value == null) {
                throw new AssertionError("docker-compose.yml: service " + name + " does not set " + variable);
            }
            return value;
        }
    }

    static ComposeFile read(Path file) throws IOException {
        JsonNode root = new YAMLMapper().readTree(Files.readString(file));
        String argument = root.path("x-build-args").path("BASE_IMAGE").asString();
        Matcher withDefault = VARIABLE_WITH_DEFAULT.matcher(argument);
        if (!withDefault.matches()) {
            throw new AssertionError(file + ": BASE_IMAGE is '" + argument + "', not a variable with a default");
        }
        List<Service> services = root.path("services")
                .propertyStream()
                .map(entry -> service(entry.getKey(), entry.getValue()))
                .toList();
        return new ComposeFile(withDefault.group(1), services);
    }

    private static Service service(String name, JsonNode node) {
        Map<String, String> environment = new LinkedHashMap<>();
        node.path("environment").forEachEntry((variable, value) -> environment.put(variable, value.asString()));
        Map<String, Path> folders = new LinkedHashMap<>();
        List<String> volumes = new ArrayList<>();
        for (JsonNode volume : node.path("volumes")) {
            String[] parts = volume.asString().split(":", -1);
            if (parts[0].startsWith("./")) {
                folders.put(parts[1], Path.of(parts[0]).normalize());
            } else {
                volumes.add(parts[1]);
            }
        }
        return new Service(
                name, Path.of(node.path("build").path("dockerfile").asString()), environment, folders, volumes);
    }
}
