package dev.flowguard.cli.pretrain;

import dev.flowguard.tensor.AdamW;
import dev.flowguard.tensor.AdamWConfig;
import dev.flowguard.tensor.GradientClip;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Parameters in training, with all that a step changes: their optimizer, their exponential moving average and the number of
 * steps. Saved and restored as one file.
 *
 * <p>The parameters belong to their network, the rest to this object. One thread at a time.
 */
final class Trainee implements AutoCloseable {

    private static final double MAX_GRADIENT_NORM = 1;
    private static final double AVERAGE_DECAY = .99;
    private static final String STEP = "step";
    private static final String CARELESS_SINCE = "careless_since";
    private static final String PARAMETER = "parameter.";
    private static final String AVERAGE = "average.";
    private static final String OPTIMIZER = "optimizer.";

    private final Map<String, Tensor> parameters;
    private final Map<String, Tensor> averages = new LinkedHashMap<>();
    private final List<Tensor> list;
    private final AdamW optimizer;
    private int step;
    private int carelessSince = -1;

    Trainee(Map<String, Tensor> parameters) {
        this.parameters = parameters;
        this.list = new ArrayList<>(parameters.values());
        this.optimizer = new AdamW(list, new AdamWConfig(0, .9, .99, 1e-8, .01));
        try (Scope scope = Scope.open()) {
            parameters.forEach((name, value) ->
                    averages.put(name, value.detach().duplicate().keep()));
        }
    }

    /** How many steps were taken. */
    int step() {
        return step;
    }

    /** The step at which captions became careless, or -1. */
    int carelessSince() {
        return carelessSince;
    }

    /** Captions are careless from now on. */
    void becomeCareless() {
        carelessSince = step;
    }

    /** Takes one step down the gradient of a loss, inside a training scope. */
    void descend(Tensor loss, double learningRate) {
        loss.backward();
        double norm = GradientClip.globalNorm(list, MAX_GRADIENT_NORM);
        if (!Double.isFinite(norm)) {
            throw new IllegalStateException("the gradient's norm is " + norm + " at step " + step);
        }
        optimizer.setLearningRate(learningRate);
        optimizer.step();
        optimizer.zeroGradients();
        step++;
    }

    /** Lets the average follow the parameters, inside an inference scope; call it once after every step. */
    void average() {
        double decay = Math.min(AVERAGE_DECAY, (1.0 + step) / (10 + step));
        averages.forEach((name, average) -> {
            try (Scope scope = Scope.open()) {
                average.assign(average.add(parameter(name).detach().sub(average).mul(1 - decay)));
            }
        });
    }

    /** Puts the averages in the parameters' place while work is done. */
    <T> T withAverages(Supplier<T> work) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> own = new LinkedHashMap<>();
            parameters.forEach((name, value) -> own.put(name, value.detach().duplicate()));
            averages.forEach((name, average) -> parameter(name).assign(average));
            try {
                return work.get();
            } finally {
                own.forEach((name, value) -> parameter(name).assign(value));
            }
        }
    }

    /** Makes the averages the parameters, for good. */
    void adoptAverages() {
        averages.forEach((name, average) -> parameter(name).assign(average));
    }

    void save(Path file) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            parameters.forEach((name, value) -> tensors.put(PARAMETER + name, value.detach()));
            averages.forEach((name, value) -> tensors.put(AVERAGE + name, value));
            optimizer.state().forEach((name, value) -> tensors.put(OPTIMIZER + name, value));
            Safetensors.write(
                    file,
                    tensors,
                    Map.of(STEP, Integer.toString(step), CARELESS_SINCE, Integer.toString(carelessSince)));
        }
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws InputException if the file belongs to other parameters or is damaged
     */
    void restore(Path file) {
        try (Scope scope = Scope.open();
                SafetensorsFile saved = SafetensorsFile.open(file)) {
            Map<String, Tensor> state = new LinkedHashMap<>();
            for (String name : saved.names()) {
                Tensor tensor = saved.read(name, list.get(0).device());
                if (name.startsWith(OPTIMIZER)) {
                    state.put(name.substring(OPTIMIZER.length()), tensor);
                } else if (name.startsWith(PARAMETER)) {
                    assign(file, parameters, name.substring(PARAMETER.length()), tensor);
                } else if (name.startsWith(AVERAGE)) {
                    assign(file, averages, name.substring(AVERAGE.length()), tensor);
                }
            }
            optimizer.restore(state);
            step = Integer.parseInt(saved.metadata().getOrDefault(STEP, "0"));
            carelessSince = Integer.parseInt(saved.metadata().getOrDefault(CARELESS_SINCE, "-1"));
        } catch (NumberFormatException e) {
            throw new InputException(file + ": the metadata is damaged: start over without --resume", e);
        }
    }

    private static void assign(Path file, Map<String, Tensor> into, String name, Tensor value) {
        Tensor target = into.get(name);
        if (target == null) {
            throw new InputException(
                    file + ": tensor '" + name + "' belongs to another model: start over without --resume");
        }
        target.assign(value);
    }

    private Tensor parameter(String name) {
        Tensor parameter = parameters.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("no parameter '" + name + "'");
        }
        return parameter;
    }

    @Override
    public void close() {
        optimizer.close();
        averages.values().forEach(Tensor::close);
    }
}
