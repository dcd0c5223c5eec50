package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdaptersTest {

    private static final LoraConfig CONFIG = new LoraConfig(2, 4, LoraConfig.SD3_ATTENTION);

    private final Compute compute = Compute.on(Device.cpu());
    private final StableDiffusion3Pipeline pipeline = TinyPipeline.create(1);
    private final Adapters adapters = pipeline.transformer().adapters();

    @AfterEach
    void close() {
        pipeline.close();
    }

    // INVARIANT: at most one adapter is active, and with none the network is bit for bit what it was.
    @Test
    void switchesBetweenPolicyAverageAndReference() {
        float[] reference = draw();
        try (LoraAdapter policy = adapters.attach("policy", CONFIG, 1);
                LoraAdapter ema = adapters.attach("ema", CONFIG, 2)) {
            fill(policy, 3);
            fill(ema, 4);
            adapters.activate("policy");
            float[] byPolicy = draw();
            adapters.activate("ema");
            float[] byEma = draw();
            assertThat(byPolicy).isNotEqualTo(reference).isNotEqualTo(byEma);
            assertThat(byEma).isNotEqualTo(reference);
            assertThat(adapters.active()).contains("ema");
            adapters.activate("policy");
            assertThat(draw()).isEqualTo(byPolicy);
            adapters.deactivate();
            assertThat(draw()).isEqualTo(reference);
            assertThat(adapters.active()).isEmpty();
            assertThat(adapters.names()).containsExactly("policy", "ema");
        }
        assertThat(adapters.names()).isEmpty();
        assertThat(draw()).isEqualTo(reference);
    }

    @Test
    void closingAnInactiveOneLeavesTheActiveOneInPlace() {
        try (LoraAdapter policy = adapters.attach("policy", CONFIG, 1)) {
            fill(policy, 3);
            float[] byPolicy = draw();
            LoraAdapter ema = adapters.attach("ema", CONFIG, 2);
            adapters.activate("policy");
            ema.close();
            assertThat(draw()).isEqualTo(byPolicy);
            assertThat(adapters.active()).contains("policy");
        }
    }

    @Test
    void onlyTheActiveOneGetsGradients() {
        try (LoraAdapter policy = adapters.attach("policy", CONFIG, 1);
                LoraAdapter other = adapters.attach("other", CONFIG, 2)) {
            fill(policy, 3);
            adapters.activate("policy");
            compute.training(() -> {
                velocity().square().mean().backward();
                assertThat(policy.parameters().values()).allSatisfy(parameter -> assertThat(parameter.gradient())
                        .isNotNull());
                assertThat(other.parameters().values()).allSatisfy(parameter -> assertThat(parameter.gradient())
                        .isNull());
                return true;
            });
        }
    }

    @Test
    void aSavedAdapterIsACopyThatNoTrainingChanges() {
        float[] byPolicy;
        try (LoraAdapter policy = adapters.attach("policy", CONFIG, 1)) {
            fill(policy, 3);
            byPolicy = draw();
            try (Scope scope = Scope.open()) {
                SavedAdapter saved = new SavedAdapter(CONFIG, policy.parameters(), null);
                assertThat(adapters.attach("saved", saved).parameters().values())
                        .allSatisfy(parameter ->
                                assertThat(parameter.requiresGradient()).isFalse());
            }
        }
        assertThat(Golden.maxDifference(draw(), byPolicy)).isLessThan(1e-5);
    }

    @Test
    void anAdapterOfAnotherModelIsRefusedByTheLayer() {
        try (Scope scope = Scope.open()) {
            Tensor a = Noise.standardNormal(Device.cpu(), 1, 0, 2, 8);
            Tensor b = Noise.standardNormal(Device.cpu(), 1, 1, 8, 2);
            refuses("single_transformer_blocks.0.attn.to_q", a, b, "no such linear layer");
            refuses("transformer_blocks.0.attn.to_q", a, b, "8 inputs and 8 outputs, but here it has 16 and 16");
        }
        assertThat(adapters.names()).isEmpty();
    }

    private void refuses(String path, Tensor a, Tensor b, String complaint) {
        SavedAdapter foreign = SavedAdapter.of(List.of(new LoraModule(path, a, b, 1)), null);
        assertThatThrownBy(() -> adapters.attach("foreign", foreign))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(path)
                .hasMessageContaining(complaint);
    }

    @Test
    void anUnknownNameIsAMistakeOfTheProgram() {
        assertThatThrownBy(() -> adapters.activate("nobody")).isInstanceOf(IllegalArgumentException.class);
    }

    private static void fill(LoraAdapter adapter, long seed) {
        try (Scope scope = Scope.open()) {
            long stream = 0;
            for (Tensor parameter : adapter.parameters().values()) {
                parameter.assign(Noise.standardNormal(Device.cpu(), seed, stream++, parameter.shape())
                        .mul(0.3));
            }
        }
    }

    private float[] draw() {
        return compute.inference(() -> velocity().toFloats());
    }

    private Tensor velocity() {
        Tensor latents = Noise.standardNormal(Device.cpu(), 9, 0, 1, 3, 4, 4);
        return pipeline.velocity(latents, 0.7, pipeline.encode(List.of("a sign")));
    }
}
