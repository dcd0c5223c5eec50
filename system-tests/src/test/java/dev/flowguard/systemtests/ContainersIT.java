package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.utility.MountableFile;
import tools.jackson.databind.json.JsonMapper;

/**
 * The three images, built from their Dockerfiles and started as {@code docker-compose.yml} says, train together. Skipped where
 * no Docker engine answers, or where it has no base image.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ContainersIT {

    /** The root of the repository: Maven runs the tests in this module's folder. */
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();

    private static final String BASE_IMAGE = "FLOWGUARD_BASE_IMAGE";
    private static final Duration HEALTHY_WITHIN = Duration.ofMinutes(3);
    private static final Duration DONE_WITHIN = Duration.ofMinutes(5);

    private static ComposeFile compose;
    private static String baseImage;

    private final Map<String, GenericContainer<?>> containers = new LinkedHashMap<>();
    private final Network network = Network.newNetwork();

    /** Asks the command line client: Testcontainers would wait for a registry before it says no. */
    @BeforeAll
    static void requireEngineAndBaseImage() throws IOException, InterruptedException {
        compose = ComposeFile.read(HOME.resolve("docker-compose.yml"));
        assumeTrue(
                succeeds("sh", "-c", "command -v docker && docker version"),
                "no Docker engine answers: start one to test the images");
        @Nullable String given = System.getenv(BASE_IMAGE);
        baseImage = given != null ? given : compose.baseImage();
        assumeTrue(
                given != null || succeeds("docker", "image", "inspect", baseImage),
                () -> "the base image " + baseImage + " is not on this machine: pull it, or make one as docs/deploy.md"
                        + " shows and name it in " + BASE_IMAGE);
    }

    private static boolean succeeds(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }

    @AfterEach
    void stop() {
        containers.values().forEach(GenericContainer::stop);
        network.close();
    }

    @Test
    void theComposedServicesTrainTogether() throws IOException, InterruptedException {
        for (ComposeFile.Service service : compose.services()) {
            GenericContainer<?> container = create(service);
            containers.put(service.name(), container);
            // Returns when its health endpoint says that it is up; a worker is up when it serves the learner's run.
            container.start();
            assertThat(container.execInContainer("id", "-u").getStdout().strip())
                    .as("user of %s", service.name())
                    .isNotEqualTo("0");
        }
        GenericContainer<?> learner = started("learner");
        GenericContainer<?> rollout = started("rollout");

        assertThat(exitCode(learner)).as(learner.getLogs()).isZero();
        assertThat(exitCode(rollout)).as(rollout.getLogs()).isZero();
        assertThat(started("reward-ocr").isRunning()).isTrue();

        String run = service("learner").variable("FLOWGUARD_LEARNER_OUTPUT_DIR");
        for (String file :
                List.of("adapter_config.json", "adapter_model.safetensors", "pytorch_lora_weights.safetensors")) {
            assertThat(content(learner, run + "/adapter/" + file)).as(file).isNotEmpty();
        }
        // Line 0 is the evaluation before the first iteration.
        JsonMapper json = new JsonMapper();
        assertThat(new String(content(learner, run + "/metrics.jsonl"), StandardCharsets.UTF_8)
                        .lines()
                        .map(line -> json.readTree(line).path("iteration").asInt()))
                .containsExactly(0, 1);
    }

    private GenericContainer<?> create(ComposeFile.Service service) throws IOException {
        ImageFromDockerfile image = image(service);
        int health = healthPort(image.get());
        GenericContainer<?> container = new GenericContainer<>(image)
                .withNetwork(network)
                .withNetworkAliases(service.name())
                .withEnv(service.environment())
                .withEnv("FLOWGUARD_LEARNER_ITERATIONS", "1")
                .withExposedPorts(health)
                .waitingFor(Wait.forHttp("/actuator/health").forPort(health).withStartupTimeout(HEALTHY_WITHIN))
                .withCreateContainerCmdModifier(command -> command.getHostConfig()
                        .withMounts(service.volumes().stream()
                                .map(path ->
                                        new Mount().withType(MountType.VOLUME).withTarget(path))
                                .toList()));
        // Copied, not mounted: the engine may be on another machine.
        service.folders()
                .forEach((path, folder) ->
                        container.withCopyFileToContainer(MountableFile.forHostPath(HOME.resolve(folder)), path));
        return container;
    }

    /** What {@code .dockerignore} lets through of the service's module, and its Dockerfile. */
    private static ImageFromDockerfile image(ComposeFile.Service service) throws IOException {
        Path target = service.module().resolve("target");
        ImageFromDockerfile image = new ImageFromDockerfile()
                .withBuildArg("BASE_IMAGE", baseImage)
                .withFileFromPath("Dockerfile", HOME.resolve(service.dockerfile()))
                .withFileFromPath(target + "/lib", HOME.resolve(target).resolve("lib"));
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(HOME.resolve(target), "*.jar")) {
            for (Path jar : jars) {
                image.withFileFromPath(target + "/" + jar.getFileName(), jar);
            }
        }
        return image;
    }

    private static int healthPort(String image) {
        String prefix = "SERVER_PORT=";
        return Arrays.stream(DockerClientFactory.instance()
                        .client()
                        .inspectImageCmd(image)
                        .exec()
                        .getConfig()
                        .getEnv())
                .filter(variable -> variable.startsWith(prefix))
                .mapToInt(variable -> Integer.parseInt(variable.substring(prefix.length())))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the image sets no SERVER_PORT"));
    }

    private GenericContainer<?> started(String name) {
        return Objects.requireNonNull(containers.get(name), name);
    }

    private static int exitCode(GenericContainer<?> container) {
        return container
                .getDockerClient()
                .waitContainerCmd(container.getContainerId())
                .start()
                .awaitStatusCode(DONE_WITHIN.toSeconds(), TimeUnit.SECONDS);
    }

    private static byte[] content(GenericContainer<?> container, String path) {
        return container.copyFileFromContainer(path, InputStream::readAllBytes);
    }

    private static ComposeFile.Service service(String name) {
        return compose.services().stream()
                .filter(service -> service.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
