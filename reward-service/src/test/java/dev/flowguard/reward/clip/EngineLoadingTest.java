package dev.flowguard.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.reward.RewardService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** libtorch takes hundreds of megabytes: only scorers that compute with it may bring it into a process. */
class EngineLoadingTest {

    private static final Path CLIP = Path.of("src/test/resources/parity/clip/h");

    @Test
    void aProcessWithoutNetworksDoesNotLoadTheEngine() throws Exception {
        assertThat(librariesOfAService("--flowguard.reward.scorers=ocr,jpeg-compressibility"))
                .noneMatch(library -> library.contains("torch") || library.contains("tokenizers"));
    }

    @Test
    void aProcessWithAClipDoes() throws Exception {
        assertThat(librariesOfAService(
                        "--flowguard.reward.scorers=pickscore", "--flowguard.reward.pickscore.model=" + CLIP))
                .anyMatch(library -> library.contains("torch"));
    }

    private static List<String> librariesOfAService(String... settings) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-Djava.awt.headless=true", "-cp"));
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(Main.class.getName());
        command.addAll(List.of(settings));
        Path log = Files.createTempFile("engine-loading", ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(90, TimeUnit.SECONDS))
                    .as("ended in time")
                    .isTrue();
            String output = Files.readString(log);
            assertThat(process.exitValue()).as(output).isZero();
            return output.lines().filter(line -> line.endsWith(".so")).toList();
        } finally {
            process.destroyForcibly();
            Files.delete(log);
        }
    }

    /** Starts a service and says which shared libraries the process has then. */
    static final class Main {

        private Main() {}

        public static void main(String[] settings) throws IOException {
            List<String> arguments = new ArrayList<>(List.of(settings));
            arguments.addAll(List.of(
                    "--spring.grpc.server.inprocess.name=engine",
                    "--spring.main.web-application-type=none",
                    "--flowguard.reward.workers=1"));
            try (RewardService service = RewardService.start(arguments.toArray(String[]::new))) {
                byte[] maps = Files.readAllBytes(Path.of("/proc/self/maps"));
                System.out.write(maps, 0, maps.length);
                System.out.flush();
            }
        }
    }
}
