package dev.flowguard.benchmarks.eager;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory of this process, as Linux counts it. */
final class ProcessMemory {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");

    /** What proc(5) has for: forget the peak. */
    private static final String RESET_PEAK = "5";

    private ProcessMemory() {}

    /** Bytes that the work takes beyond those that the process has between two runs of it. */
    static long peakOf(Runnable work) {
        try {
            // Weight files that nobody reads any more stay mapped, and count, until their buffers are collected;
            // weights that
            // lie in a mapped file count from their first use on. After one run both sides have what they keep.
            System.gc();
            work.run();
            Files.writeString(CLEAR, RESET_PEAK);
            long before = bytes("VmRSS:");
            work.run();
            return bytes("VmHWM:") - before;
        } catch (IOException e) {
            throw new UncheckedIOException("peak memory is read from Linux's /proc", e);
        }
    }

    private static long bytes(String field) throws IOException {
        return Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
