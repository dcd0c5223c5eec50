package dev.flowguard.tensor;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * The operations that DJL lacks, as methods of a TorchScript module that Java itself writes ({@link TorchScriptArchive});
 * their source is the resource {@code op-library.py}.
 *
 * <p>They take part in autograd. A call costs some 3 µs more than one of DJL's own operations, so an operation belongs here
 * only if DJL has none. Numbers are passed as CPU tensors, because a tensor is the only argument that this road of DJL
 * takes; on the CPU reading one back costs nothing worth mention, and a GPU never has to wait for it.
 */
final class OperationLibrary {

    /** The methods of the module; each is called by its name in lower case. */
    enum Operation {
        SILU,
        GELU_TANH,
        RSQRT,
        EXPM1,
        SOFTMAX,
        CLAMP,
        ATTENTION,
        ATTENTION_CAUSAL,
        ATTENTION_MASKED,
        ATTENTION_SCALED,
        RMS_NORM,
        GROUP_NORM,
        CONV_TRANSPOSE2D,
        TO_DTYPE,
        AS_BFLOAT16,
        TO_DEVICE_OF,
        COPY_INTO,
        IN_GRAPH
    }

    private static final String SOURCE = "op-library.py";

    private final PtSymbolBlock module;
    private final Map<Operation, PtNDArray> selectors = new EnumMap<>(Operation.class);
    private final Map<DType, PtNDArray> scalarTypes = new EnumMap<>(DType.class);

    private OperationLibrary(PtSymbolBlock module, PtNDManager manager) {
        this.module = module;
        for (Operation operation : Operation.values()) {
            PtNDArray selector = scalar(manager, 0);
            selector.setName("module_method:" + operation.name().toLowerCase(Locale.ROOT));
            selectors.put(operation, selector);
        }
        for (DType dtype : DType.values()) {
            scalarTypes.put(dtype, scalar(manager, dtype.scalarType()));
        }
    }

    static OperationLibrary load(PtNDManager manager) {
        byte[] archive = TorchScriptArchive.ofModule("Operations", SOURCE);
        try {
            PtSymbolBlock module = JniUtils.loadModule(manager, new ByteArrayInputStream(archive), true, false);
            return new OperationLibrary(module, manager);
        } catch (IOException e) {
            throw new UncheckedIOException("the operation library could not be loaded", e);
        }
    }

    /** Runs one operation; the caller owns the result. */
    @SuppressWarnings("NullAway") // selectors holds every operation
    PtNDArray call(Operation operation, PtNDArray... arguments) {
        NDList list = new NDList(arguments.length + 1);
        for (PtNDArray argument : arguments) {
            list.add(argument);
        }
        list.add(selectors.get(operation));
        // "isTrain" only means "not in inference mode", whose results could never enter a graph. Whether a graph is
        // recorded is up to the thread's grad mode, as with every other operation.
        return (PtNDArray) IValueUtils.forward(module, list, true).get(0);
    }

    @SuppressWarnings("NullAway") // scalarTypes holds every type
    PtNDArray toDType(PtNDArray array, DType dtype) {
        return call(Operation.TO_DTYPE, array, scalarTypes.get(dtype));
    }

    private static PtNDArray scalar(PtNDManager manager, int value) {
        return JniUtils.full(manager, new Shape(), value, DataType.INT64, ai.djl.Device.cpu(), SparseFormat.DENSE);
    }
}
