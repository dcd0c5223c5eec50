package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Outputs and gradients of every network against diffusers and transformers, on two random models. */
class NetworkParityTest {

    private static final double TOLERANCE = 1e-4;
    private static final Device CPU = Device.cpu();

    private final Compute compute = Compute.on(Device.cpu());

    /** Stable Diffusion 3 with and without QK norm; 3.5 Medium with dual attention; 3.5 Large. */
    @ParameterizedTest
    @CsvSource({
        "a/pipeline/transformer,a",
        "b/pipeline/transformer,b",
        "sd35/medium/pipeline/transformer,sd35/medium",
        "sd35/large/transformer,sd35/large"
    })
    void transformer(String folder, String variant) {
        try (Sd3Transformer transformer = transformer(folder);
                Golden golden = Golden.open(variant + "/transformer.safetensors")) {
            transformer.requireGradients();
            compute.training(() -> {
                Conditioning conditioning = new Conditioning(golden.tensor("context"), golden.tensor("pooled"));
                Tensor velocity =
                        transformer.velocity(golden.tensor("latents"), golden.tensor("timestep"), conditioning);
                golden.assertClose("velocity", velocity, TOLERANCE);
                velocity.mul(golden.tensor("weight")).mean().backward();
                golden.assertGradients(transformer.parameters());
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b", "sd35/medium"})
    void oneTokenStandsForManyIdenticalOnes(String variant) {
        try (Sd3Transformer transformer = transformer(variant + "/pipeline/transformer");
                Golden golden = Golden.open(variant + "/transformer.safetensors")) {
            compute.inference(() -> {
                Tensor context = golden.tensor("context");
                Tensor zero = Tensor.zeros(Device.cpu(), context.dtype(), 2, 1, context.size(2));
                Conditioning conditioning =
                        new Conditioning(Ops.concat(List.of(context, zero), 1), golden.tensor("pooled"), 250);
                golden.assertClose(
                        "velocity_zeros",
                        transformer.velocity(golden.tensor("latents"), golden.tensor("timestep"), conditioning),
                        TOLERANCE);
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void autoencoder(String variant) {
        try (StableDiffusion3Pipeline pipeline = load(variant);
                Golden golden = Golden.open(variant + "/vae.safetensors")) {
            AutoencoderKl vae = pipeline.vae();
            vae.requireGradients();
            compute.training(() -> {
                LatentDistribution latents = vae.encode(golden.tensor("image"));
                Tensor moments = Ops.concat(List.of(latents.mean(), latents.logVariance()), 1);
                Tensor decoded = vae.decode(golden.tensor("latents"));
                golden.assertClose("moments", moments, TOLERANCE);
                golden.assertClose("decoded", decoded, TOLERANCE);
                decoded.mul(golden.tensor("weight"))
                        .mean()
                        .add(moments.mul(golden.tensor("weight_moments")).mean())
                        .backward();
                golden.assertGradients(vae.parameters());
                return true;
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"a,text_encoder", "a,text_encoder_2", "b,text_encoder", "b,text_encoder_2"})
    void textEncoder(String variant, String name) {
        Path folder = Golden.ROOT.resolve(variant + "/pipeline/" + name);
        try (ClipTextEncoder encoder = ClipTextEncoder.load(folder, WeightOptions.on(CPU));
                Golden golden = Golden.open(variant + "/" + name + ".safetensors")) {
            encoder.requireGradients();
            compute.training(() -> {
                ClipTextEncoder.Encoded encoded = encoder.encode(Golden.rows(golden.tensor("ids")));
                golden.assertClose("context", encoded.context(), TOLERANCE);
                golden.assertClose("pooled", encoded.pooled(), TOLERANCE);
                encoded.context()
                        .mul(golden.tensor("weight_context"))
                        .mean()
                        .add(encoded.pooled()
                                .mul(golden.tensor("weight_pooled"))
                                .mean())
                        .backward();
                golden.assertGradients(encoder.parameters());
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b", "sd35/medium"})
    void everyParameterHasAGoldenGradientExceptThoseThatTheOutputDoesNotSee(String variant) {
        try (Sd3Transformer transformer = transformer(variant + "/pipeline/transformer");
                Golden golden = Golden.open(variant + "/transformer.safetensors")) {
            List<String> without = new ArrayList<>();
            for (String name : transformer.parameters().keySet()) {
                if (!golden.has("grad." + name)) {
                    without.add(name);
                }
            }
            assertThat(without).isEmpty();
        }
    }

    private static Sd3Transformer transformer(String folder) {
        return Sd3Transformer.load(Golden.ROOT.resolve(folder), WeightOptions.on(CPU));
    }

    private static StableDiffusion3Pipeline load(String variant) {
        return StableDiffusion3Pipeline.load(Golden.ROOT.resolve(variant + "/pipeline"), Device.cpu());
    }
}
