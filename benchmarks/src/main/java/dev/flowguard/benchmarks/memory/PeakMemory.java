package dev.flowguard.benchmarks.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs {@code flowguard} in a process of its own and watches the most memory that it ever had. */
final class PeakMemory {
    private static final long LOOK_EVERY_MILLIS = 50;
    private static final long DEADLINE_MINUTES = 30;

    private PeakMemory() {}

    /**
     * Peak resident set in bytes, the kernel's {@code VmHWM}.
     *
     * @param log gets what the process printed
     * @throws IOException if it does not end well
     */
    static long of(Path log, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // As the launcher has it.
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Djava.awt.headless=true"));
        command.addAll(List.of("-Xmx768m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
        command.add("dev.flowguard.cli.Main");
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(DEADLINE_MINUTES);
            long peak = 0;
            while (!process.waitFor(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
                peak = Math.max(peak, peakOf(process.pid()));
                if (System.nanoTime() > deadline) {
                    throw new IOException("still running after " + DEADLINE_MINUTES + " minutes; see " + log);
                }
            }
            if (process.exitValue() != 0) {
                throw new IOException("exit code " + process.exitValue() + "; see " + log);
            }
            return peak;
        } finally {
            process.destroy();
        }
    }

    private static long peakOf(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
        } catch (IOException e) {
            return 0; // it has just ended
        }
        return 0;
    }
}
