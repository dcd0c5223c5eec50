package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * {@code AutoencoderKL.encode(...).latent_dist}: its mean, which is also the {@code sample} that can be repeated, its
 * logarithmic variance, and both as {@code parameters}.
 */
record NamedVaeEncoder(AutoencoderKlConfig config) implements NamedNetwork<AutoencoderKl> {

    @Override
    public Signature signature() {
        return new Signature(
                List.of(Signature.Argument.reals("sample", "B " + config.inChannels() + " H W")),
                List.of("sample", "mean", "logvar", "parameters"));
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
        LatentDistribution latents = network.encode(inputs.get("sample"));
        Tensor mean = latents.mean();
        Tensor logVariance = latents.logVariance();
        return Map.of(
                "sample", mean,
                "mean", mean,
                "logvar", logVariance,
                "parameters", Ops.concat(List.of(mean, logVariance), 1));
    }
}
