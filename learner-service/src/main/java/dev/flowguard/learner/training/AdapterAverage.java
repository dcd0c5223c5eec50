package dev.flowguard.learner.training;

import dev.flowguard.grpo.EmaSchedule;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The exponential moving average of the adapter, for export. Owns its tensors; made and used inside
 * {@link dev.flowguard.tensor.Compute}, on one thread at a time.
 */
final class AdapterAverage implements AutoCloseable {
    private final EmaSchedule schedule;
    private final Map<String, Tensor> average = new LinkedHashMap<>();

    /** Starts at the parameters' present values. */
    AdapterAverage(EmaSchedule schedule, Map<String, Tensor> parameters) {
        this.schedule = schedule;
        parameters.forEach((name, parameter) ->
                average.put(name, parameter.detach().duplicate().unscoped()));
    }

    /** By PEFT name; still owned here. */
    Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(average);
    }

    /**
     * Follows the parameters after an update.
     *
     * @param updates updates of the run before this one
     */
    void follow(Map<String, Tensor> parameters, long updates) {
        schedule.decayAfter(updates).ifPresent(decay -> {
            try (Scope scope = Scope.open()) {
                average.forEach((name, own) -> own.assign(own.mul(decay)
                        .add(Objects.requireNonNull(parameters.get(name), name)
                                .detach()
                                .mul(1 - decay))));
            }
        });
    }

    /** Overwrites the average by a checkpoint's. */
    void restore(Map<String, Tensor> saved) {
        average.forEach((name, own) -> own.assign(Objects.requireNonNull(saved.get(name), name)));
    }

    @Override
    public void close() {
        average.values().forEach(Tensor::close);
    }
}
