package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import org.jspecify.annotations.Nullable;

/**
 * How one component's weights are read.
 *
 * @param device where they go
 * @param dtype what they become, whatever the files hold
 * @param variant of the file names, or null for the plain ones
 */
record WeightOptions(Device device, DType dtype, @Nullable String variant) {

    /** FLOAT32 from the plain files. */
    static WeightOptions on(Device device) {
        return new WeightOptions(device, DType.FLOAT32, null);
    }
}
