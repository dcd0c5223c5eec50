package dev.flowguard.tensor;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class of these tests in a JVM of its own: for what may only go wrong where nobody else is hurt. */
final class ForkedJvm implements AutoCloseable {

    private static final long DEADLINE_SECONDS = 90;

    private final Process process;
    private final BufferedReader output;

    private ForkedJvm(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    static ForkedJvm start(Class<?> main, String... jvmOptions) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED", "-D" + Engine.THREADS_PROPERTY + "=2"));
        // A crash is an expected way to fail here: no core dump, and the report where it is cleaned up.
        command.addAll(List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=target/hs_err_%p.log"));
        command.addAll(List.of(jvmOptions));
        command.addAll(
                List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
        command.add(main.getName());
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            // As the launcher does: a tensor's pages go back to the system with the tensor.
            builder.environment().put("MALLOC_MMAP_THRESHOLD_", Integer.toString(1 << 20));
            return new ForkedJvm(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads up to a line with this text, or to the end. */
    String readUntil(String text) {
        StringBuilder read = new StringBuilder();
        try {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                read.append(line).append('\n');
                if (line.contains(text)) {
                    break;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return read.toString();
    }

    /** Sends SIGTERM. */
    void terminate() {
        // Not process.destroy(), which closes the output too.
        process.toHandle().destroy();
    }

    /** Waits for the end: 0 is success, 134 an abort, 139 a segmentation fault, 143 an orderly end by SIGTERM. */
    int exitCode() throws InterruptedException {
        if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the forked JVM did not end within " + DEADLINE_SECONDS + " s");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
