package dev.flowguard.learner.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One checkpoint of a run, {@code checkpoints/000012/}, which is whole if it is there.
 *
 * @param root the folder itself
 */
public record CheckpointFolder(Path root) {

    /** All checkpoints, oldest first. */
    public static List<CheckpointFolder> all(Path checkpoints) throws IOException {
        if (!Files.isDirectory(checkpoints)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(checkpoints)) {
            return entries.filter(entry -> entry.getFileName().toString().matches("\\d{6,}"))
                    .map(CheckpointFolder::new)
                    .sorted(Comparator.comparingInt(CheckpointFolder::iteration))
                    .toList();
        }
    }

    /** The checkpoint of an iteration, whether it is there or not. */
    public static CheckpointFolder of(Path checkpoints, int iteration) {
        return new CheckpointFolder(checkpoints.resolve("%06d".formatted(iteration)));
    }

    /** How many iterations were done. */
    public int iteration() {
        return Integer.parseInt(root.getFileName().toString());
    }

    /** The policy's tensors under PEFT's names. */
    public Path adapter() {
        return root.resolve("adapter.safetensors");
    }

    /** Their moving average. */
    public Path emaAdapter() {
        return root.resolve("adapter-ema.safetensors");
    }

    /** The optimizer's state. */
    public Path optimizer() {
        return root.resolve("optimizer.safetensors");
    }

    /** Groups that may be replayed, where there are any. */
    public Path replay() {
        return root.resolve("replay.safetensors");
    }

    /** Counters and the last line of the metrics, as JSON. */
    public Path state() {
        return root.resolve("state.json");
    }
}
