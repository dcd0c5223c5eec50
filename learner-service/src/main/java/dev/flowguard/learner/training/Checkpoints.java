package dev.flowguard.learner.training;

import dev.flowguard.learner.output.CheckpointFolder;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a run goes on from: {@code checkpoints/000012/} holds the adapter, its average, the optimizer's state and
 * {@code state.json}, and the groups that may be replayed. A checkpoint is renamed into place when it is whole, so there are no half ones; the last few are kept.
 *
 * <p>Seeds need no saving: they follow from the run's seed and the iteration.
 */
final class Checkpoints {
    private static final Logger log = LoggerFactory.getLogger(Checkpoints.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path directory;
    private final int kept;
    private final Compute compute;

    /**
     * @param directory where they lie
     * @param kept how many are kept, at least 1
     * @param compute where the tensors are
     */
    Checkpoints(Path directory, int kept, Compute compute) {
        this.directory = directory;
        this.kept = kept;
        this.compute = compute;
    }

    /**
     * Saves the state after a whole iteration.
     *
     * @param report the iteration's line of the metrics, before its evaluation
     * @param run its overseer as it was before the evaluation; the checkpoints of its best iterations are kept beside the last few
     * @throws UncheckedIOException if the disk refuses; no earlier checkpoint is touched
     */
    void save(IterationReport report, RunState run) {
        PolicyTrainer trainer = run.trainer();
        ReplayBuffer replay = run.replay().buffer();
        Path target = directory.resolve("%06d".formatted(report.iteration()));
        Path temporary = directory.resolve(".%06d.tmp".formatted(report.iteration()));
        try {
            deleteTree(temporary);
            Files.createDirectories(temporary);
            CheckpointFolder written = new CheckpointFolder(temporary);
            compute.inference(() -> {
                Safetensors.write(written.adapter(), run.policy().parameters(), Map.of("format", "pt"));
                Safetensors.write(written.emaAdapter(), trainer.averageTensors(), Map.of("format", "pt"));
                Safetensors.write(written.optimizer(), trainer.optimizerState(), Map.of("format", "pt"));
                if (replay != null && replay.size() > 0) {
                    Safetensors.write(written.replay(), replay.tensors(), Map.of());
                }
                return true;
            });
            Map<String, Object> state = new LinkedHashMap<>();
            state.put("iteration", report.iteration());
            state.put("policy_version", report.policyVersion());
            state.put("updates", trainer.updates());
            state.put("oversight", run.overseer().memory());
            state.put("reward_swaps", run.swaps().memory());
            if (replay != null) {
                state.put("replay", replay.stored());
            }
            state.put("report", report.toJson());
            AtomicFile.write(written.state(), JSON.writeValueAsString(state));
            deleteTree(target);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            AtomicFile.flushFolder(directory);
            List<CheckpointFolder> all = CheckpointFolder.all(directory);
            for (CheckpointFolder old : all.subList(0, Math.max(0, all.size() - kept))) {
                if (!run.overseer().bestIterations().contains(old.iteration())) {
                    deleteTree(old.root());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write checkpoint " + target + ": " + e.getMessage(), e);
        } finally {
            discard(temporary);
        }
    }

    /** Leaves nothing half-written behind; a disk that refuses even that is cleaned by the next checkpoint. */
    private static void discard(Path temporary) {
        try {
            deleteTree(temporary);
        } catch (IOException e) {
            log.warn("{} could not be removed: {}", temporary, e.getMessage());
        }
    }

    /**
     * Puts the newest checkpoint into the run.
     *
     * @return the saved iteration's line of the metrics, before its evaluation; empty where there is no checkpoint
     * @throws InputException if it cannot be read or was made for another adapter
     */
    Optional<IterationReport> restore(RunState run) {
        List<CheckpointFolder> all;
        try {
            all = CheckpointFolder.all(directory);
        } catch (IOException e) {
            throw new InputException(directory + ": cannot be read (" + e + "); check its permissions", e);
        }
        if (all.isEmpty()) {
            return Optional.empty();
        }
        CheckpointFolder newest = all.get(all.size() - 1);
        JsonNode state = state(newest);
        load(newest, state, run);
        if (state.has("oversight")) {
            run.overseer().restore(memory(newest, state, "oversight", Overseer.Memory.class));
        }
        if (state.has("reward_swaps")) {
            run.swaps().restore(memory(newest, state, "reward_swaps", RewardSwaps.Memory.class));
        }
        ReplayBuffer replay = run.replay().buffer();
        if (replay != null && state.has("replay")) {
            restore(replay, newest, List.of(memory(newest, state, "replay", ReplayBuffer.Stored[].class)));
        }
        run.trainer().scaleKl(run.overseer().memory().klFactor());
        return Optional.of(IterationReport.fromJson(state.path("report")));
    }

    /**
     * Puts the weights, the average and the optimizer of an earlier iteration back, and nothing else of it.
     *
     * @throws InputException if its checkpoint cannot be read
     */
    void rollBack(int iteration, RunState run) {
        CheckpointFolder checkpoint = CheckpointFolder.of(directory, iteration);
        load(checkpoint, state(checkpoint), run);
    }

    private void restore(ReplayBuffer replay, CheckpointFolder checkpoint, List<ReplayBuffer.Stored> stored) {
        if (stored.isEmpty()) {
            return;
        }
        try (SafetensorsFile tables = SafetensorsFile.open(checkpoint.replay())) {
            compute.inference(() -> {
                replay.restore(stored, name -> tables.read(name, Device.cpu()));
                return true;
            });
        }
    }

    private static <T> T memory(CheckpointFolder checkpoint, JsonNode state, String key, Class<T> type) {
        try {
            return JSON.treeToValue(state.path(key), type);
        } catch (JacksonException e) {
            throw new InputException(
                    checkpoint.state() + " cannot be read; delete this checkpoint to go on from an older one", e);
        }
    }

    private void load(CheckpointFolder checkpoint, JsonNode state, RunState run) {
        compute.inference(() -> {
            Map<String, Tensor> adapter = read(checkpoint.adapter(), compute);
            Map<String, Tensor> average = read(checkpoint.emaAdapter(), compute);
            if (!adapter.keySet().equals(run.policy().parameters().keySet())
                    || !average.keySet().equals(adapter.keySet())) {
                throw new InputException(checkpoint.root() + ": holds the adapter of another model or target_modules;"
                        + " resume with the recipe that the run began with");
            }
            run.trainer()
                    .restore(
                            adapter,
                            average,
                            read(checkpoint.optimizer(), compute),
                            state.path("updates").asLong());
            return true;
        });
    }

    private static JsonNode state(CheckpointFolder checkpoint) {
        try {
            return JSON.readTree(Files.readString(checkpoint.state()));
        } catch (IOException | JacksonException e) {
            throw new InputException(
                    checkpoint.state() + " cannot be read; delete this checkpoint to go on from an older one", e);
        }
    }

    private static Map<String, Tensor> read(Path file, Compute compute) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String name : opened.names()) {
                tensors.put(name, opened.read(name, compute.device()));
            }
            return tensors;
        }
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> entries = Files.walk(root)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(entry);
            }
        }
    }
}
