package dev.flowguard.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/**
 * Turns the first Ctrl-C, or the first TERM of a supervisor, into a request to stop; the second one ends the process at once.
 *
 * <p>A shutdown hook would come too late: once the JVM shuts down, the engine takes no more work, and without it neither the
 * weights nor the report could be written.
 */
final class StopSignals implements AutoCloseable {

    /** Signal to exit code: 128 and its number, as shells have it. */
    private static final Map<String, Integer> EXIT_CODES = Map.of("INT", 130, "TERM", 143);

    private final Runnable stop;
    private final PrintWriter err;
    private final Map<String, Object> former = new LinkedHashMap<>();
    private @Nullable Integer exitCode;

    private StopSignals(Runnable stop, PrintWriter err) {
        this.stop = stop;
        this.err = err;
    }

    /**
     * From now on the first signal calls {@code stop}, on a thread of the JVM's own.
     *
     * @param stop asks for the end and returns; does not wait for it
     */
    static StopSignals install(Runnable stop, PrintWriter err) {
        StopSignals signals = new StopSignals(stop, err);
        EXIT_CODES
                .keySet()
                .forEach(name -> signals.former.put(name, Signals.register(name, () -> signals.arrived(name))));
        return signals;
    }

    private synchronized void arrived(String name) {
        if (exitCode == null) {
            exitCode = EXIT_CODES.get(name);
            EXIT_CODES.keySet().forEach(Signals::registerDefault);
            err.println("\nflowguard: stopping, everything is being written (once more ends it at once) ...");
            stop.run();
        }
    }

    /** The process's exit code where a signal arrived. */
    synchronized OptionalInt exitCode() {
        return exitCode == null ? OptionalInt.empty() : OptionalInt.of(exitCode);
    }

    @Override
    public synchronized void close() {
        if (exitCode == null) {
            former.forEach(Signals::unregister);
        }
    }
}
