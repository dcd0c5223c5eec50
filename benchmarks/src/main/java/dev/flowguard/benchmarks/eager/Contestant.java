package dev.flowguard.benchmarks.eager;

/** One side of the comparison. Idle, without a spinning thread, while the other side is measured. */
interface Contestant extends AutoCloseable {

    /** Runs forward, loss and backward {@code passes} times; the time of one. Gradients add up, as in training. */
    Seconds time(Context context, int passes);

    /**
     * Bytes of the process beyond those it has between passes, while it runs forward and backward. The first thing that is
     * asked for: later what earlier work has left behind would hide the peak.
     */
    long peakBytes(Context context);

    /** One forward and backward from zero gradients. */
    Outcome outcome(Context context);

    @Override
    void close();
}
