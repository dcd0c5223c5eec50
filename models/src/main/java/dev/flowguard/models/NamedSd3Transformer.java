package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code SD3Transformer2DModel.forward}. */
record NamedSd3Transformer(Sd3TransformerConfig config) implements NamedNetwork<Sd3Transformer> {

    @Override
    public Signature signature() {
        return new Signature(
                List.of(
                        Signature.Argument.reals("hidden_states", "B " + config.inChannels() + " H W"),
                        Signature.Argument.reals("encoder_hidden_states", "B L " + config.jointAttentionDim()),
                        Signature.Argument.reals("pooled_projections", "B " + config.pooledProjectionDim()),
                        Signature.Argument.reals("timestep", "B")),
                List.of("sample"));
    }

    @Override
    public WeightOptions weights(LoadOptions options) {
        return options.transformerWeights();
    }

    @Override
    public Sd3Transformer load(Path directory, WeightOptions options) {
        return Sd3Transformer.load(directory, options);
    }

    @Override
    public Map<String, Tensor> call(Sd3Transformer network, NamedTensors inputs) {
        Conditioning conditioning =
                new Conditioning(inputs.get("encoder_hidden_states"), inputs.get("pooled_projections"));
        return Map.of("sample", network.velocity(inputs.get("hidden_states"), inputs.get("timestep"), conditioning));
    }
}
