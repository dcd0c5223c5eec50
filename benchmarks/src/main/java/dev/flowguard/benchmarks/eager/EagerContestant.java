package dev.flowguard.benchmarks.eager;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * PyTorch eager with diffusers and PEFT, in a child process that runs {@code python/eager.py}: one command a line on its
 * standard input, one JSON object a line on its standard output. Between commands it waits in a read and costs nothing.
 */
final class EagerContestant implements Contestant {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration START_DEADLINE = Duration.ofMinutes(5);
    private static final Duration ANSWER_DEADLINE = Duration.ofMinutes(10);

    private final Path folder;
    private final Process process;
    private final Writer commands;
    private final BufferedReader answers;
    private final ExecutorService reader = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "eager-answers");
        thread.setDaemon(true);
        return thread;
    });
    private final String versions;

    /**
     * @param python an interpreter that has {@code python/requirements.txt}
     * @param waitPolicy what {@code OMP_WAIT_POLICY} is for the child; empty leaves it unset, as most users have it
     * @param folder for results; it already holds {@code batch.safetensors}
     */
    EagerContestant(
            String python,
            Path script,
            Path pipeline,
            Path folder,
            int threads,
            Trained trained,
            double alpha,
            String waitPolicy) {
        this.folder = folder;
        List<String> command = new ArrayList<>(List.of(python, script.toString()));
        command.addAll(List.of("--pipeline", pipeline.toString()));
        command.addAll(List.of("--batch", folder.resolve("batch.safetensors").toString()));
        command.addAll(List.of("--threads", String.valueOf(threads)));
        command.addAll(List.of("--train", trained.name().toLowerCase(Locale.ROOT)));
        command.addAll(List.of("--largest", String.valueOf(Outcome.LARGEST)));
        command.addAll(List.of("--alpha", String.valueOf(alpha)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        Map<String, String> environment = builder.environment();
        environment.remove("OMP_WAIT_POLICY");
        if (!waitPolicy.isEmpty()) {
            environment.put("OMP_WAIT_POLICY", waitPolicy);
        }
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new InputException(
                    python + " cannot be started (" + e.getMessage()
                            + "): give a Python that has benchmarks/python/requirements.txt with --python",
                    e);
        }
        commands = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
        versions = answer(START_DEADLINE).path("versions").asString();
    }

    /** The libraries' versions and settings, for the report. */
    String versions() {
        return versions;
    }

    @Override
    public Seconds time(Context context, int passes) {
        JsonNode answer = ask("time " + name(context) + " " + passes);
        return new Seconds(answer.path("wall").asDouble(), answer.path("cpu").asDouble());
    }

    @Override
    public long peakBytes(Context context) {
        return ask("peak " + name(context) + " 1").path("bytes").asLong();
    }

    @Override
    public Outcome outcome(Context context) {
        Path file = folder.resolve(name(context) + ".safetensors");
        ask("outcome " + name(context) + " " + file);
        try (SafetensorsFile tensors = SafetensorsFile.open(file);
                Scope scope = Scope.open()) {
            Map<String, float[]> values = new LinkedHashMap<>();
            for (String name : tensors.names()) {
                values.put(name, tensors.read(name, Device.cpu()).toFloats());
            }
            return new Outcome(values);
        }
    }

    private static String name(Context context) {
        return context.name().toLowerCase(Locale.ROOT);
    }

    private JsonNode ask(String command) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("the Python process is gone", e);
        }
        return answer(ANSWER_DEADLINE);
    }

    private JsonNode answer(Duration deadline) {
        Future<String> line = reader.submit(answers::readLine);
        try {
            String text = line.get(deadline.toSeconds(), TimeUnit.SECONDS);
            if (text == null) {
                throw new InputException("the Python process ended: what it printed above says why;"
                        + " it needs benchmarks/python/requirements.txt");
            }
            return JSON.readTree(text);
        } catch (TimeoutException e) {
            throw new IllegalStateException("no answer from the Python process within " + deadline, e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the Python process cannot be read", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the Python process", e);
        }
    }

    @Override
    public void close() {
        reader.shutdownNow();
        process.destroy();
    }
}
