package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.List;

/** The parts of a pipeline that were loaded so far; closes them if a later one cannot be. */
final class PipelineParts implements AutoCloseable {

    private final List<AutoCloseable> parts = new ArrayList<>();

    /** Remembers a part. */
    <T extends AutoCloseable> T add(T part) {
        parts.add(part);
        return part;
    }

    /** The pipeline is complete, and owns its parts. */
    void release() {
        parts.clear();
    }

    @Override
    public void close() {
        for (AutoCloseable part : parts) {
            try {
                part.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** @throws InputException if parts do not fit together */
    static void require(boolean condition, String complaint) {
        if (!condition) {
            throw new InputException("the parts of this pipeline do not fit together: " + complaint);
        }
    }
}
