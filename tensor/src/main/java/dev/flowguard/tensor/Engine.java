package dev.flowguard.tensor;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
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

    Compute compute(Device device) {
        return computes.computeIfAbsent(device, Compute::new);
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
