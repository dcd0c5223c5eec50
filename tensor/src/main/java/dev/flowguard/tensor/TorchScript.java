package dev.flowguard.tensor;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A network that somebody else wrote, out of a file of {@code torch.jit.save}, for inference.
 *
 * <p>It may use the operations of libtorch itself and no others: torchvision's, {@code nms} among them, are not there. The file is a program: it
 * can do what those operations can, reading and writing files among it, so it must come from somebody who is trusted.
 *
 * <p>Runs inside {@link Compute#inference}, like every tensor, one call at a time. The caller closes it there too.
 */
public final class TorchScript implements AutoCloseable {

    private static final String[] NO_EXTRA_FILES = {};
    private static final String NO_REASON = "no reason given";

    private final Path file;
    private final PtSymbolBlock module;

    private TorchScript(Path file, PtSymbolBlock module) {
        this.file = file;
        this.module = module;
    }

    /**
     * Loads a network, in eval mode.
     *
     * @param device where its weights go, wherever they lay when it was saved
     * @throws InputException if the file is missing, or is none that this libtorch can run
     */
    public static TorchScript load(Path file, Device device) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": is not there; check the path");
        }
        try {
            PtSymbolBlock module = JniUtils.loadModule(
                    Engine.get().manager(device), file, true, NO_EXTRA_FILES, NO_EXTRA_FILES, false);
            JniUtils.enableInferenceMode(module);
            return new TorchScript(file, module);
        } catch (EngineException e) {
            throw new InputException(
                    "%s: is no TorchScript that can be run (%s): save it with torch.jit.save, of operations of torch itself"
                            .formatted(file, lines(e).findFirst().orElse(NO_REASON)),
                    e);
        }
    }

    /**
     * Runs {@code forward}. It may return a dictionary of tensors, or a tensor or a tuple of them.
     *
     * @param names of the tensors of a tuple, in order; what is returned beyond them is left out. A dictionary's have their keys
     * @return the tensors by name, in the current scope
     * @throws InputException if the network fails on this input, or returns anything else
     */
    public Map<String, Tensor> forward(Tensor input, List<String> names) {
        NDList outputs;
        try {
            // "isTrain" only means "not in inference mode": what is recorded is up to the scope.
            outputs = IValueUtils.forward(module, new NDList(input.array()), true);
        } catch (EngineException | UnsupportedOperationException e) {
            // What the interpreter says begins with a trace and ends with the cause.
            String cause = lines(e).reduce((before, last) -> last).orElse(NO_REASON);
            throw new InputException(file.getFileName() + " failed on " + input + ": " + cause, e);
        }
        Map<String, Tensor> byName = new LinkedHashMap<>();
        for (int i = 0; i < outputs.size(); i++) {
            NDArray output = outputs.get(i);
            Tensor tensor = Scope.adopt(new Tensor((PtNDArray) output, input.device(), null));
            if (output.getName() != null) {
                byName.put(output.getName(), tensor);
            } else if (i < names.size()) {
                byName.put(names.get(i), tensor);
            }
        }
        return byName;
    }

    /** Frees the weights. */
    @Override
    public void close() {
        module.close();
    }

    /** Of a message of libtorch those that are not blank. */
    private static Stream<String> lines(Exception e) {
        return String.valueOf(e.getMessage()).lines().map(String::strip).filter(line -> !line.isEmpty());
    }
}
