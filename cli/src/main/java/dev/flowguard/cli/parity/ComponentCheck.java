package dev.flowguard.cli.parity;

import dev.flowguard.models.LoadOptions;
import dev.flowguard.models.LoadedComponent;
import dev.flowguard.models.PipelineComponent;
import dev.flowguard.models.PipelineFolder;
import dev.flowguard.models.Signature;
import dev.flowguard.models.Signature.Argument;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.NearestName;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import dev.flowguard.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** One component of a pipeline against its entries in a reference file. */
final class ComponentCheck {

    private final ReferenceFile reference;
    private final PipelineComponent component;
    private final ReferenceFile.Entries entries;
    private final Signature signature;
    private final Tolerances tolerances;

    private ComponentCheck(ReferenceFile reference, PipelineComponent component, Tolerances tolerances) {
        this.reference = reference;
        this.component = component;
        this.entries = reference.of(component.name());
        this.signature = component.signature();
        this.tolerances = tolerances;
    }

    /**
     * Checks the names, shapes and types of the entries before any weights are read.
     *
     * @throws InputException if the component could not be called with them, or there is nothing to compare
     */
    static ComponentCheck prepare(PipelineFolder folder, ReferenceFile reference, String name, Tolerances tolerances) {
        List<String> known = PipelineComponent.names(folder);
        if (!known.contains(name)) {
            throw reference.invalid(
                    name, "is no component of " + folder.path() + " that can be called; known are " + known);
        }
        ComponentCheck check = new ComponentCheck(reference, PipelineComponent.of(folder, name), tolerances);
        check.requireSomethingToCompare();
        check.requireKnownNames();
        check.requireFittingInputs();
        return check;
    }

    /** Characters of the longest name of an entry to compare. */
    int longestName() {
        return Stream.concat(
                        entries.outputs().keySet().stream().map(name -> component.name() + ReferenceFile.OUT + name),
                        entries.gradients().keySet().stream().map(this::gradient))
                .mapToInt(String::length)
                .max()
                .orElse(0);
    }

    /** Loads the component, compares every entry, and frees the component. */
    void run(LoadOptions options, Consumer<Comparison> comparisons) {
        Device device = options.device();
        try (LoadedComponent loaded = component.load(options)) {
            Map<String, Tensor> trained = parametersWithGradient(loaded);
            trained.values().forEach(Tensor::requireGradient);
            Compute compute = Compute.on(device);
            if (trained.isEmpty()) {
                compute.inference(() -> compareOutputs(loaded, device, comparisons));
            } else {
                compute.training(() -> {
                    compareOutputs(loaded, device, comparisons).backward();
                    return compareGradients(trained, device, comparisons);
                });
            }
        }
    }

    private void requireSomethingToCompare() {
        if (entries.outputs().isEmpty() && entries.gradients().isEmpty()) {
            throw reference.invalid(
                    component.name(), "has inputs but neither outputs nor gradients: there is nothing to compare");
        }
    }

    private void requireKnownNames() {
        List<String> arguments =
                signature.arguments().stream().map(Argument::name).toList();
        for (String name : entries.inputs().keySet()) {
            requireKnown(ReferenceFile.IN, name, arguments, "is no input of this component");
        }
        for (String name : entries.outputs().keySet()) {
            requireKnown(ReferenceFile.OUT, name, signature.outputs(), "is no output that is computed here");
        }
    }

    private void requireKnown(String kind, String name, Collection<String> known, String complaint) {
        if (!known.contains(name)) {
            throw reference.invalid(
                    component.name() + kind + name,
                    complaint + "; did you mean '" + NearestName.of(name, known).orElse("nothing") + "'?");
        }
    }

    private void requireFittingInputs() {
        Map<String, Long> sizes = new HashMap<>();
        for (Argument argument : signature.arguments()) {
            TensorInfo given = entries.inputs().get(argument.name());
            if (given != null) {
                requireFitting(argument, given, sizes);
            } else if (argument.required()) {
                throw reference.invalid(
                        component.name() + ReferenceFile.IN + argument.name(),
                        "is missing: it should be " + argument.sizes());
            }
        }
    }

    /** @param bound what the letters of the arguments before stand for */
    private void requireFitting(Argument argument, TensorInfo given, Map<String, Long> bound) {
        String entry = component.name() + ReferenceFile.IN + argument.name();
        // An integer is a real number: times and positions often come as such.
        if (argument.isInteger() && given.dtype().isFloating()) {
            throw reference.invalid(entry, "is " + given.dtype() + ", but integers are expected");
        }
        if (given.dtype() == DType.BOOL && argument.ids() != 2) {
            throw reference.invalid(entry, "is " + given.dtype() + ", but numbers are expected");
        }
        boolean fits = given.shape().size() == argument.sizes().size();
        for (int i = 0; fits && i < given.shape().size(); i++) {
            String size = argument.sizes().get(i);
            long found = given.shape().get(i);
            fits = found > 0
                    && (Character.isDigit(size.charAt(0))
                            ? found == Long.parseLong(size)
                            : found == bound.computeIfAbsent(size, letter -> found));
        }
        if (!fits) {
            throw reference.invalid(
                    entry,
                    "has shape " + given.shape() + ", but " + argument.sizes() + " is expected"
                            + (bound.isEmpty() ? "" : " with " + bound));
        }
    }

    private Map<String, Tensor> parametersWithGradient(LoadedComponent loaded) {
        Map<String, Tensor> all = loaded.parameters();
        for (String name : entries.gradients().keySet()) {
            requireKnown(ReferenceFile.GRADIENT, name, all.keySet(), "is no parameter of this component");
        }
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        all.forEach((name, parameter) -> {
            TensorInfo info = entries.gradients().get(name);
            if (info != null) {
                requireShape(ReferenceFile.GRADIENT, name, info, parameter);
                parameters.put(name, parameter);
            }
        });
        return parameters;
    }

    /** Compares the outputs; returns what the gradients are of: the sum of the mean squares of the outputs in the file. */
    private Tensor compareOutputs(LoadedComponent loaded, Device device, Consumer<Comparison> comparisons) {
        String first = signature.outputs().get(0);
        List<Tensor> meanSquares = new ArrayList<>();
        new TreeMap<>(call(loaded, inputs(device))).forEach((name, output) -> {
            TensorInfo info = entries.outputs().get(name);
            if (info != null) {
                requireShape(ReferenceFile.OUT, name, info, output);
                compare(component.name() + ReferenceFile.OUT + name, output, 0, tolerances.outputs(), comparisons);
            }
            if (info != null || (entries.outputs().isEmpty() && name.equals(first))) {
                meanSquares.add(output.square().mean());
            }
        });
        return meanSquares.stream().reduce(Tensor::add).orElseThrow();
    }

    private void compare(
            String entry, Tensor actual, double floor, double tolerance, Consumer<Comparison> comparisons) {
        try (Scope scope = Scope.open()) {
            Tensor expected = reference.read(entry, actual.device());
            comparisons.accept(Comparison.of(entry, expected, actual.detach(), floor, tolerance));
        }
    }

    private boolean compareGradients(Map<String, Tensor> trained, Device device, Consumer<Comparison> comparisons) {
        double largest = 0;
        for (String name : trained.keySet()) {
            try (Scope scope = Scope.open()) {
                largest = Math.max(largest, Comparison.largest(reference.read(gradient(name), device)));
            }
        }
        double floor = Tolerances.GRADIENT_FLOOR * largest;
        trained.forEach((name, parameter) -> {
            // A parameter that the output does not depend on has none; its gradient is zero.
            Tensor gradient = parameter.gradient() == null ? parameter.mul(0) : parameter.gradient();
            compare(gradient(name), gradient, floor, tolerances.gradients(), comparisons);
        });
        return true;
    }

    private String gradient(String parameter) {
        return component.name() + ReferenceFile.GRADIENT + parameter;
    }

    private Map<String, Tensor> inputs(Device device) {
        Map<String, Tensor> inputs = new HashMap<>();
        for (Argument argument : signature.arguments()) {
            if (!entries.inputs().containsKey(argument.name())) {
                continue;
            }
            String entry = component.name() + ReferenceFile.IN + argument.name();
            Tensor input = reference.read(entry, device);
            if (argument.isInteger()) {
                for (long id : input.toLongs()) {
                    if (id < 0 || id >= argument.ids()) {
                        throw reference.invalid(
                                entry, "holds " + id + ", but it must be from 0 to " + (argument.ids() - 1));
                    }
                }
            }
            inputs.put(argument.name(), argument.isInteger() ? input : input.to(DType.FLOAT32));
        }
        return inputs;
    }

    private Map<String, Tensor> call(LoadedComponent loaded, Map<String, Tensor> inputs) {
        try {
            return loaded.call(inputs);
        } catch (IllegalArgumentException e) {
            // Names, types and ranks fit; what only the network knows is for instance that a height is no multiple of
            // its patch.
            throw reference.invalid(component.name(), "has inputs that do not fit: " + e.getMessage());
        }
    }

    private void requireShape(String kind, String name, TensorInfo info, Tensor ours) {
        List<Long> shape = Arrays.stream(ours.shape()).boxed().toList();
        if (!info.shape().equals(shape)) {
            throw reference.invalid(
                    component.name() + kind + name, "has shape " + info.shape() + ", but ours is " + shape);
        }
    }
}
