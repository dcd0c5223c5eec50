package dev.flowguard.models;

import dev.flowguard.models.KohyaNaming.Place;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of kohya's format: {@code KEY.lora_down.weight} [rank, in], {@code KEY.lora_up.weight} [out, rank] and {@code
 * KEY.alpha}, a scalar. Without an alpha the scale is 1.
 *
 * <p>Layers that the original model stacks into one are joined exactly: their A's are stacked, and each B stands in its own
 * rows and columns of a block-diagonal B of rank P·r, so that alpha becomes P·alpha. diffusers' own converter and sd-scripts
 * do the same, and diffusers' recognises the blocks and takes them apart again.
 */
final class KohyaFile {

    private static final String DOWN = ".lora_down.weight";
    private static final String UP = ".lora_up.weight";
    private static final String ALPHA = ".alpha";

    private KohyaFile() {}

    static boolean recognises(Collection<String> names) {
        return names.stream().anyMatch(name -> name.startsWith(KohyaNaming.PREFIX));
    }

    /**
     * The naming that fits.
     *
     * @param baseModel a pipeline folder to ask where the layers' names leave it open
     * @throws InputException if none fits, or both do and the base model does not say
     */
    static KohyaNaming naming(List<LoraModule> modules, @Nullable String baseModel) {
        List<KohyaNaming> fitting = new ArrayList<>();
        for (KohyaNaming naming : KohyaNaming.ALL) {
            if (modules.stream().allMatch(module -> naming.ofPath(module.path()).isPresent())) {
                fitting.add(naming);
            }
        }
        if (fitting.size() == 1) {
            return fitting.get(0);
        }
        if (fitting.isEmpty()) {
            String stranger = modules.stream()
                    .map(LoraModule::path)
                    .filter(path -> KohyaNaming.ALL.stream()
                            .noneMatch(naming -> naming.ofPath(path).isPresent()))
                    .findFirst()
                    .orElse("a mixture of layers");
            throw new InputException("the adapter changes '" + stranger
                    + "', which has no name in ComfyUI's models: export it for peft or diffusers instead");
        }
        return fitting.stream()
                .filter(naming -> naming.pipelineClass().equals(classOf(baseModel)))
                .findFirst()
                .orElseThrow(() -> new InputException("the adapter's layers could be Stable Diffusion 3's or FLUX's,"
                        + " and its base model "
                        + (baseModel == null ? "is not named" : "'" + baseModel + "' is no" + " pipeline folder here")
                        + ": say which with --base-model FOLDER"));
    }

    private static String classOf(@Nullable String baseModel) {
        if (baseModel == null) {
            return "";
        }
        try {
            return PipelineFolder.open(java.nio.file.Path.of(baseModel)).className();
        } catch (InputException | java.nio.file.InvalidPathException notThere) {
            // A name on the Hub, or a folder of the machine that trained it.
            return "";
        }
    }

    /** The tensors of a file, FLOAT32, in the current scope. */
    static Map<String, Tensor> write(KohyaNaming naming, List<LoraModule> modules) {
        Map<Place, Map<String, LoraModule>> byPlace = new LinkedHashMap<>();
        for (LoraModule module : modules) {
            Place place = naming.ofPath(module.path())
                    .orElseThrow(() -> new IllegalStateException(module.path() + " has no place"));
            byPlace.computeIfAbsent(place, key -> new LinkedHashMap<>()).put(module.path(), module);
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        byPlace.forEach((place, present) -> {
            LoraModule joined = place.slot().parts().size() == 1
                    ? reordered(present.values().iterator().next())
                    : join(place, present);
            tensors.put(place.original() + DOWN, joined.a());
            tensors.put(place.original() + UP, joined.b());
            tensors.put(place.original() + ALPHA, Tensor.full(joined.a().device(), joined.alpha(), DType.FLOAT32));
        });
        return tensors;
    }

    /** @throws InputException if a tensor is no LoRA weight, or they are not all of one model */
    static List<LoraModule> read(Map<String, Tensor> tensors) {
        Set<String> keys = new LinkedHashSet<>();
        for (String name : tensors.keySet()) {
            keys.add(keyOf(name));
        }
        KohyaNaming naming = namingOf(keys);
        List<LoraModule> modules = new ArrayList<>();
        for (String key : keys) {
            Place place = naming.ofOriginal(key).orElseThrow(() -> strange(key));
            Tensor down = half(tensors, key + DOWN);
            Tensor up = half(tensors, key + UP);
            Tensor alpha = tensors.get(key + ALPHA);
            LoraModule whole = new LoraModule(
                    key, down, up, alpha == null ? down.size(0) : AdapterTensors.alpha(key + ALPHA, alpha));
            if (place.slot().parts().size() == 1) {
                String path =
                        place.slot().path(place.block(), place.slot().parts().get(0));
                modules.add(reordered(new LoraModule(path, whole.a(), whole.b(), whole.alpha())));
            } else {
                modules.addAll(split(place, whole));
            }
        }
        return modules;
    }

    private static KohyaNaming namingOf(Set<String> keys) {
        return KohyaNaming.ALL.stream()
                .filter(naming ->
                        keys.stream().allMatch(key -> naming.ofOriginal(key).isPresent()))
                .findFirst()
                .orElseThrow(() -> strange(keys.stream()
                        .filter(key -> KohyaNaming.ALL.stream()
                                .noneMatch(naming -> naming.ofOriginal(key).isPresent()))
                        .findFirst()
                        .orElse("a mixture of Stable Diffusion 3 and FLUX")));
    }

    private static InputException strange(String key) {
        return new InputException("adapter tensors '" + key + "...' belong to no layer of Stable Diffusion 3 or FLUX:"
                + " was this LoRA made for another model?");
    }

    private static String keyOf(String name) {
        if (name.startsWith(KohyaNaming.PREFIX)) {
            for (String end : List.of(DOWN, UP, ALPHA)) {
                if (name.endsWith(end)) {
                    return name.substring(0, name.length() - end.length());
                }
            }
        }
        throw AdapterTensors.unknown(name, KohyaNaming.PREFIX + "..." + DOWN);
    }

    private static Tensor half(Map<String, Tensor> tensors, String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InputException(
                    "the adapter has no tensor '" + name + "', only its other half: is the file whole?");
        }
        return tensor;
    }

    /**
     * Between diffusers' order and the original's: the last modulation of a stream has its scale before its shift in
     * diffusers, and behind it in the originals. It is known by its two outputs a channel.
     */
    private static LoraModule reordered(LoraModule module) {
        boolean last =
                module.path().endsWith("norm_out.linear") || module.path().endsWith("norm1_context.linear");
        if (!last || module.b().size(0) != 2 * module.a().size(1)) {
            return module;
        }
        List<Tensor> halves = module.b().chunk(2, 0);
        Tensor swapped = Ops.concat(List.of(halves.get(1), halves.get(0)), 0);
        return new LoraModule(module.path(), module.a(), swapped, module.alpha());
    }

    private static LoraModule join(Place place, Map<String, LoraModule> present) {
        List<KohyaSlot.Part> parts = place.slot().parts();
        int rank = present.values().stream().mapToInt(LoraModule::rank).max().orElseThrow();
        double scale = present.values().iterator().next().scale();
        long in = present.values().iterator().next().a().size(1);
        long unit = unit(place, present);
        List<Tensor> downs = new ArrayList<>();
        List<Tensor> ups = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            KohyaSlot.Part part = parts.get(i);
            long rows = part.width() * unit;
            LoraModule module = present.get(place.slot().path(place.block(), part));
            Tensor down;
            Tensor up;
            if (module == null) {
                Tensor some = present.values().iterator().next().a();
                down = Tensor.zeros(some.device(), DType.FLOAT32, rank, in);
                up = Tensor.zeros(some.device(), DType.FLOAT32, rows, rank);
            } else {
                requireShape(module, in, rows);
                down = padded(module.a(), 0, 0, rank - module.rank());
                // One alpha for all: what differs from it goes into B.
                Tensor b = module.scale() == scale ? module.b() : module.b().mul(module.scale() / scale);
                up = padded(b, 1, 0, rank - module.rank());
            }
            downs.add(down);
            ups.add(padded(up, 1, (long) i * rank, (long) (parts.size() - 1 - i) * rank));
        }
        return new LoraModule(place.original(), Ops.concat(downs, 0), Ops.concat(ups, 0), scale * rank * parts.size());
    }

    private static long unit(Place place, Map<String, LoraModule> present) {
        for (KohyaSlot.Part part : place.slot().parts()) {
            LoraModule module = present.get(place.slot().path(place.block(), part));
            if (module != null) {
                return module.b().size(0) / part.width();
            }
        }
        throw new IllegalStateException("nothing at " + place);
    }

    private static void requireShape(LoraModule module, long in, long out) {
        if (module.a().size(1) != in || module.b().size(0) != out) {
            throw new InputException("adapter module '" + module.path() + "' has "
                    + module.a().size(1)
                    + " inputs and " + module.b().size(0) + " outputs where its neighbours have " + in + " and " + out
                    + ": ComfyUI's model has one layer for them, so this adapter cannot be written for it");
        }
    }

    private static Tensor padded(Tensor tensor, int dim, long before, long after) {
        List<Tensor> pieces = new ArrayList<>();
        long[] shape = tensor.shape();
        for (long size : new long[] {before, -1, after}) {
            if (size < 0) {
                pieces.add(tensor);
            } else if (size > 0) {
                shape[dim] = size;
                pieces.add(Tensor.zeros(tensor.device(), tensor.dtype(), shape.clone()));
            }
        }
        return pieces.size() == 1 ? tensor : Ops.concat(pieces, dim);
    }

    private static List<LoraModule> split(Place place, LoraModule whole) {
        List<KohyaSlot.Part> parts = place.slot().parts();
        long out = whole.b().size(0);
        int width = place.slot().width();
        if (out % width != 0) {
            throw new InputException("adapter tensor '" + whole.path() + UP + "' has " + out + " rows, but "
                    + parts.stream().map(KohyaSlot.Part::module).toList() + " share them: they must divide by "
                    + width);
        }
        List<Tensor> ups = new ArrayList<>();
        long row = 0;
        for (KohyaSlot.Part part : parts) {
            long rows = part.width() * (out / width);
            ups.add(whole.b().slice(0, row, row + rows));
            row += rows;
        }
        Optional<List<LoraModule>> blocks = blocks(place, whole, ups);
        if (blocks.isPresent()) {
            return blocks.get();
        }
        List<LoraModule> modules = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            String path = place.slot().path(place.block(), parts.get(i));
            modules.add(new LoraModule(path, whole.a(), ups.get(i), whole.alpha()));
        }
        return modules;
    }

    /** The parts of a block-diagonal B, without those that are zero throughout; empty if B is another one. */
    private static Optional<List<LoraModule>> blocks(Place place, LoraModule whole, List<Tensor> ups) {
        int count = ups.size();
        if (whole.rank() % count != 0) {
            return Optional.empty();
        }
        int rank = whole.rank() / count;
        List<LoraModule> modules = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < count; j++) {
                if (i != j && !isZero(ups.get(i).slice(1, (long) j * rank, (long) (j + 1) * rank))) {
                    return Optional.empty();
                }
            }
            Tensor a = whole.a().slice(0, (long) i * rank, (long) (i + 1) * rank);
            Tensor b = ups.get(i).slice(1, (long) i * rank, (long) (i + 1) * rank);
            if (!isZero(a) || !isZero(b)) {
                String path =
                        place.slot().path(place.block(), place.slot().parts().get(i));
                modules.add(new LoraModule(path, a, b, whole.scale() * rank));
            }
        }
        return modules.isEmpty() ? Optional.empty() : Optional.of(modules);
    }

    private static boolean isZero(Tensor tensor) {
        for (float value : tensor.to(DType.FLOAT32).toFloats()) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }
}
