package dev.flowguard.rollout;

import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.tensor.InputException;
import org.jspecify.annotations.Nullable;

/**
 * The run's model: loaded with the first session, kept for the next one of the same run. Confined to the engine thread;
 * a session's first task there is {@link #load}.
 */
final class Model {

    private final GroupSampler.Loader loader;
    private @Nullable RunSettings settings;
    private @Nullable GroupSampler sampler;

    Model(GroupSampler.Loader loader) {
        this.loader = loader;
    }

    /**
     * Makes the model of a run ready; does nothing where it already is.
     *
     * @throws InputException where this worker cannot serve the run
     */
    void load(RunSettings wanted) {
        if (!wanted.equals(settings)) {
            close();
            sampler = loader.load(wanted);
            settings = wanted;
        }
    }

    GroupSampler sampler() {
        GroupSampler loaded = sampler;
        if (loaded == null) {
            throw LeaseFailedException.notTheGroupsFault("the worker has no model");
        }
        return loaded;
    }

    void close() {
        GroupSampler loaded = sampler;
        sampler = null;
        settings = null;
        if (loaded != null) {
            loaded.close();
        }
    }
}
