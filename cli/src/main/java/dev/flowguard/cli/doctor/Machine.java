package dev.flowguard.cli.doctor;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/**
 * The memory that a run may have.
 *
 * @param bytes in all
 * @param here whether it is this machine's, or one that is planned for
 */
record Machine(long bytes, boolean here) {

    /** A run that fills more of the memory than this has no room for what else the machine does. */
    static final double COMFORT = .9;

    /** What the services keep in the heap beside trajectories: measured with an empty experience. */
    static final long HEAP_BESIDE_EXPERIENCE = 200L << 20;

    /** This machine, or as much of it as the container's limit leaves. */
    static Machine ofThis() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        // Aware of cgroups v1 and v2 since JDK 14.
        return new Machine(system.getTotalMemorySize(), true);
    }

    static Machine planned(@Nullable ByteSize size) {
        return size == null ? ofThis() : new Machine(size.bytes(), false);
    }

    String describe() {
        return new ByteSize(bytes) + (here ? " in this machine" : " planned");
    }
}
