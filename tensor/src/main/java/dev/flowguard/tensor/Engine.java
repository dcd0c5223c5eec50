package dev.flowguard.tensor;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * libtorch in this process. There is one by nature, so there is one instance, made at first use.
 *
 * <p>It owns what lives as long as the process: one manager per device (which only counts handles, see {@link Scope}), the
 * cached constants, the operation library and the {@link Compute} of each device.
 */
final class Engine {

    /** System property for the number of threads that libtorch uses inside one operation; default: all cores. */
    static final String THREADS_PROPERTY = "flowguard.threads";

    /** Environment variable with the same meaning; the property wins. */
    static final String THREADS_VARIABLE = "FLOWGUARD_THREADS";

    private static final String NAME = "PyTorch";

    private final Map<Device, PtNDManager> managers = new ConcurrentHashMap<>();
    private final Map<Device, Compute> computes = new ConcurrentHashMap<>();
    private final Constants constants = new Constants(this);
    private final OperationLibrary operations;
    private final ShutdownGuard shutdownGuard;

    private Engine() {
        forbidDownloads();
        ai.djl.engine.Engine.getEngine(NAME);
        JniUtils.setNumThreads(threads());
        operations = OperationLibrary.load(manager(Device.cpu()));
        shutdownGuard = ShutdownGuard.install(computes.values());
    }

    static Engine get() {
        return Holder.INSTANCE;
    }

    /** The manager that every tensor of a device is counted by. */
    PtNDManager manager(Device device) {
        return managers.computeIfAbsent(device, absent -> (PtNDManager) NDManager.newBaseManager(absent.toDjl(), NAME));
    }

    /** Nothing but an attempt tells: libtorch's flavour, the driver and the number of GPUs must all fit. */
    void requireUsable(Device device) {
        if (device.type() == Device.Type.CPU) {
            return;
        }
        try {
            JniUtils.full(manager(device), new Shape(1), 0, DType.FLOAT32.toDjl(), device.toDjl(), SparseFormat.DENSE)
                    .close();
        } catch (EngineException e) {
            String cause = String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
            throw new InputException(
                    "device " + device + " cannot be used (" + cause + ") with the libtorch in "
                            + LibUtils.getLibtorchPath()
                            + ": give a device that nvidia-smi -L lists, and a libtorch for CUDA in PYTORCH_LIBRARY_PATH with"
                            + " PYTORCH_VERSION=2.7.1 and PYTORCH_FLAVOR=cu128; or use cpu",
                    e);
        }
    }

    Compute compute(Device device) {
        return computes.computeIfAbsent(device, absent -> {
            requireUsable(absent);
            return new Compute(absent);
        });
    }

    Constants constants() {
        return constants;
    }

    OperationLibrary operations() {
        return operations;
    }

    ShutdownGuard shutdownGuard() {
        return shutdownGuard;
    }

    /** DJL would fetch native libraries from the network when they do not match; a run must never depend on that. */
    private static void forbidDownloads() {
        if (System.getenv("DJL_OFFLINE") == null && System.getProperty("ai.djl.offline") == null) {
            System.setProperty("ai.djl.offline", "true");
        }
    }

    private static int threads() {
        String configured = System.getProperty(THREADS_PROPERTY, System.getenv(THREADS_VARIABLE));
        if (configured == null || configured.isBlank()) {
            return Runtime.getRuntime().availableProcessors();
        }
        if (!configured.matches("[1-9]\\d{0,3}")) {
            throw new InputException(THREADS_VARIABLE + " (or -D" + THREADS_PROPERTY + ") is '" + configured
                    + "': set it to a number of threads, 1 or more");
        }
        return Integer.parseInt(configured);
    }

    private static final class Holder {
        static final Engine INSTANCE = new Engine();
    }
}
