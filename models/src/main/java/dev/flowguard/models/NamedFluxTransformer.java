package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code FluxTransformer2DModel.forward}: packed latents, times in [0, 1], positions as arguments. */
record NamedFluxTransformer(FluxTransformerConfig config) implements NamedNetwork<FluxTransformer> {

    @Override
    public Signature signature() {
        List<Signature.Argument> arguments = new ArrayList<>(List.of(
                Signature.Argument.reals("hidden_states", "B N " + config.inChannels()),
                Signature.Argument.reals("encoder_hidden_states", "B L " + config.jointAttentionDim()),
                Signature.Argument.reals("pooled_projections", "B " + config.pooledProjectionDim()),
                Signature.Argument.reals("timestep", "B"),
                Signature.Argument.reals("img_ids", "N 3"),
                Signature.Argument.reals("txt_ids", "L 3")));
        if (config.guidanceEmbeds()) {
            arguments.add(Signature.Argument.reals("guidance", "B"));
        }
        return new Signature(arguments, List.of("sample"));
    }

    @Override
    public WeightOptions weights(LoadOptions options) {
        return options.transformerWeights();
    }

    @Override
    public FluxTransformer load(Path directory, WeightOptions options) {
        return FluxTransformer.load(directory, options);
    }

    @Override
    public Map<String, Tensor> call(FluxTransformer network, NamedTensors inputs) {
        Tensor sample = network.forward(
                inputs.get("hidden_states"),
                inputs.get("encoder_hidden_states"),
                inputs.get("pooled_projections"),
                inputs.get("timestep"),
                inputs.get("img_ids"),
                inputs.get("txt_ids"),
                inputs.find("guidance"));
        return Map.of("sample", sample);
    }
}
