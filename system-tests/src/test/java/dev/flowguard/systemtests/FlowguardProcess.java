package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code ./flowguard ...} as a process of its own, its output line by line. Closing kills it. */
final class FlowguardProcess implements AutoCloseable {

    /** The root of the repository: Maven runs the tests in this module's folder. */
    static final Path HOME = Path.of("..").toAbsolutePath().normalize();

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final BlockingQueue<String> unread = new LinkedBlockingQueue<>();
    private final Thread reader;

    private FlowguardProcess(Process process) {
        this.process = process;
        this.reader = new Thread(this::read, "flowguard-output-" + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    /** Starts the launcher, which takes the jars of the running build as they are. */
    static FlowguardProcess start(String... arguments) {
        return start(List.of(), arguments);
    }

    /** As {@link #start(String...)} with {@code NAME=value} added to the environment. */
    static FlowguardProcess start(List<String> environment, String... arguments) {
        List<String> command = Stream.concat(
                        // A shell that runs Maven in the background makes its children deaf to Ctrl-C.
                        Stream.of(
                                "env",
                                "--default-signal=INT",
                                HOME.resolve("flowguard").toString()),
                        Stream.of(arguments))
                .toList();
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(HOME.toFile()).redirectErrorStream(true);
        builder.environment().put("FLOWGUARD_BUILD", "never");
        for (String variable : environment) {
            int equals = variable.indexOf('=');
            builder.environment().put(variable.substring(0, equals), variable.substring(equals + 1));
        }
        try {
            return new FlowguardProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                synchronized (lines) {
                    lines.add(line);
                }
                unread.add(line);
            }
        } catch (IOException e) {
            unread.add("(output ended: " + e.getMessage() + ")");
        }
    }

    /** Waits for a line in which the pattern is found, and answers the match. Lines before it are passed over. */
    Matcher awaitLine(String pattern, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        Pattern wanted = Pattern.compile(pattern);
        while (true) {
            @Nullable String line = unread.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (line == null) {
                return fail("no line matches '%s' within %s; the output was:%n%s", pattern, limit, output());
            }
            Matcher matcher = wanted.matcher(line);
            if (matcher.find()) {
                return matcher;
            }
        }
    }

    /** Waits for the end and answers the exit code. */
    int awaitExit(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            fail("still running after %s; the output was:%n%s", limit, output());
        }
        reader.join(Duration.ofSeconds(10).toMillis());
        return process.exitValue();
    }

    /** Sends a signal by its name, as Ctrl-C sends INT. */
    void signal(String name) throws IOException, InterruptedException {
        int code = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            fail("kill -%s %d: exit code %d", name, process.pid(), code);
        }
    }

    /** Ends it as a power cut would. */
    void kill() {
        process.destroyForcibly();
    }

    /** Everything it has said so far. */
    String output() {
        synchronized (lines) {
            return String.join("\n", lines);
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor(10, TimeUnit.SECONDS);
    }
}
