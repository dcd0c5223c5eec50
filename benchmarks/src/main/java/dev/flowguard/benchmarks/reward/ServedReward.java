package dev.flowguard.benchmarks.reward;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code flowguard serve reward} in a process of its own, and a channel to it. */
final class ServedReward implements AutoCloseable {

    private static final Pattern PORT = Pattern.compile("listens on 127\\.0\\.0\\.1:([0-9]+)");
    private static final int KIBI = 1024;

    private final Process process;
    private final ManagedChannel channel;

    private ServedReward(Process process, ManagedChannel channel) {
        this.process = process;
        this.channel = channel;
    }

    static ServedReward start(String scorer, String... settings) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.flowguard.cli.Main",
                "serve",
                "reward",
                "--scorer",
                scorer,
                "--port",
                "0"));
        for (String setting : settings) {
            command.add("--set");
            command.add(setting);
        }
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line;
        while ((line = lines.readLine()) != null) {
            Matcher port = PORT.matcher(line);
            if (port.find()) {
                return new ServedReward(
                        process,
                        NettyChannelBuilder.forTarget("localhost:" + port.group(1))
                                .usePlaintext()
                                .build());
            }
        }
        throw new IOException("the reward service did not start; it ended with "
                + process.onExit().join().exitValue());
    }

    ManagedChannel channel() {
        return channel;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Resident memory in MiB. */
    double residentMebibytes() throws IOException {
        try (Stream<String> status = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return status.filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .findFirst()
                            .orElseThrow()
                    / (double) KIBI;
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        process.destroy();
        process.onExit().join();
    }
}
