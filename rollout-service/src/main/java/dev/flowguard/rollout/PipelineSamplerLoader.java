package dev.flowguard.rollout;

import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.tensor.Device;

/**
 * Loads the run's diffusers pipeline.
 *
 * @param device where it samples
 */
record PipelineSamplerLoader(Device device) implements GroupSampler.Loader {

    @Override
    public GroupSampler load(RunSettings settings) {
        throw new UnsupportedOperationException("no pipeline can be loaded yet");
    }
}
