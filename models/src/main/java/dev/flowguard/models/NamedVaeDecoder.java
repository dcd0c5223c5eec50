package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code AutoencoderKL.decode}: latents as the autoencoder's own encoder makes them, neither scaled nor shifted. */
record NamedVaeDecoder(AutoencoderKlConfig config) implements NamedNetwork<AutoencoderKl> {

    @Override
    public Signature signature() {
        return new Signature(
                List.of(Signature.Argument.reals("sample", "B " + config.latentChannels() + " h w")),
                List.of("sample"));
    }

    @Override
    public WeightOptions weights(LoadOptions options) {
        return options.vaeWeights();
    }

    @Override
    public AutoencoderKl load(Path directory, WeightOptions options) {
        return AutoencoderKl.load(directory, options);
    }

    @Override
    public Map<String, Tensor> call(AutoencoderKl network, NamedTensors inputs) {
        return Map.of("sample", network.decode(inputs.get("sample")));
    }
}
