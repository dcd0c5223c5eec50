package dev.flowguard.cli.export;

import dev.flowguard.learner.output.CheckpointFolder;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeLoader;
import dev.flowguard.models.AdapterFiles;
import dev.flowguard.models.SavedAdapter;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where an adapter may come from: a run's folder, one of its checkpoints, or an adapter's own files. */
public final class AdapterSource {

    private AdapterSource() {}

    /** Whether this is the output folder of a run. */
    public static boolean isRun(Path path) {
        return Files.isRegularFile(new RunDirectory(path).recipe());
    }

    /**
     * Reads an adapter. Of a run it is that of the newest checkpoint, so that a run which was killed has one too; a run
     * without checkpoints has the one of its end.
     *
     * @param ema whether to take the moving average
     * @return tensors in the current scope
     * @throws InputException if there is none, or it cannot be used; the message says what was looked for
     */
    public static SavedAdapter read(Path path, boolean ema, Device device) {
        if (isRun(path)) {
            return ofRun(new RunDirectory(path), ema, device);
        }
        CheckpointFolder checkpoint = new CheckpointFolder(path);
        if (Files.isRegularFile(checkpoint.state())) {
            // RUN/checkpoints/000012
            return ofCheckpoint(checkpoint, new RunDirectory(path.resolve("../..")), ema, device);
        }
        if (ema) {
            throw new InputException(
                    path + " is neither a run nor a checkpoint, so it has no moving average: leave --ema"
                            + " out, or give the run's folder");
        }
        return AdapterFiles.read(path, device);
    }

    private static SavedAdapter ofRun(RunDirectory run, boolean ema, Device device) {
        List<CheckpointFolder> checkpoints;
        try {
            checkpoints = CheckpointFolder.all(run.checkpoints());
        } catch (IOException e) {
            throw new InputException(run.checkpoints() + ": cannot be read (" + e + "); check its permissions", e);
        }
        if (!checkpoints.isEmpty()) {
            return ofCheckpoint(checkpoints.get(checkpoints.size() - 1), run, ema, device);
        }
        Path folder = ema ? run.emaAdapter() : run.adapter();
        if (!Files.isDirectory(folder)) {
            throw new InputException(run.root() + ": this run has no checkpoint yet; wait for its first iteration");
        }
        return AdapterFiles.read(folder, device);
    }

    private static SavedAdapter ofCheckpoint(
            CheckpointFolder checkpoint, RunDirectory run, boolean ema, Device device) {
        Recipe recipe = RecipeLoader.load(run.recipe(), Overrides.none());
        return AdapterFiles.read(
                ema ? checkpoint.emaAdapter() : checkpoint.adapter(),
                recipe.adapter().toLoraConfig(),
                recipe.model().pipeline(),
                device);
    }
}
