package dev.flowguard.rollout;

import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.tensor.InputException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The run's model: loaded with the first session, kept for the next one of the same run. Confined to the engine thread;
 * a session's first task there is {@link #load}.
 */
final class Model {

    private static final Logger log = LoggerFactory.getLogger(Model.class);

    private final GroupSampler.Loader loader;
    private @Nullable RunSettings settings;
    private @Nullable GroupSampler sampler;
    private String failure = "the worker has no model";

    Model(GroupSampler.Loader loader) {
        this.loader = loader;
    }

    /**
     * Makes the model of a run ready; does nothing where it already is. Where it cannot be loaded {@link #sampler} says
     * why: the learner hears of it in the answer to its first policy.
     */
    void load(RunSettings wanted) {
        if (wanted.equals(settings)) {
            return;
        }
        close();
        try {
            RunCheck.require(wanted);
            sampler = loader.load(wanted);
            settings = wanted;
        } catch (InputException e) {
            failure = String.valueOf(e.getMessage());
            log.error("{}", failure);
        } catch (RuntimeException e) {
            failure = "the model could not be loaded: " + e;
            log.error("the model could not be loaded", e);
        }
    }

    /**
     * The run's sampler.
     *
     * @throws InputException where there is none: why
     */
    GroupSampler sampler() {
        GroupSampler loaded = sampler;
        if (loaded == null) {
            throw new InputException(failure);
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
