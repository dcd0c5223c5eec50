package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoraAdapterTest {

    private static final LoraConfig CONFIG = new LoraConfig(4, 8, LoraConfig.SD3_ATTENTION);

    private final Compute compute = Compute.on(Device.cpu());
    private final StableDiffusion3Pipeline pipeline =
            StableDiffusion3Pipeline.load(Golden.ROOT.resolve("a/pipeline"), Device.cpu());

    @AfterEach
    void close() {
        pipeline.close();
    }

    @Test
    void equalsPeftInOutputAndGradients() {
        LoraConfig config = PeftConfig.read(Golden.ROOT.resolve("a/adapter").resolve(PeftConfig.FILE))
                .lora();
        assertThat(config.rank()).isEqualTo(3);
        assertThat(config.alpha()).isEqualTo(12);
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(config, 1);
                Golden golden = Golden.open("a/adapter/golden.safetensors");
                Golden inputs = Golden.open("a/transformer.safetensors")) {
            compute.training(() -> {
                int bound = adapter.load(AdapterFiles.read(Golden.ROOT.resolve("a/adapter"), Device.cpu())
                        .tensors());
                assertThat(bound).isEqualTo(adapter.modules()).isEqualTo(15);
                Tensor velocity = velocity(inputs);
                golden.assertClose("velocity", velocity, 1e-4);
                velocity.mul(inputs.tensor("weight")).mean().backward();
                golden.assertGradients(adapter.parameters());
                return true;
            });
        }
    }

    @Test
    void aFreshAdapterChangesNothing() {
        float[] base = draw();
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1)) {
            assertThat(adapter.enabled()).isTrue();
            assertThat(draw()).isEqualTo(base);
        }
    }

    // INVARIANT: the disabled adapter is the reference policy, to the last bit.
    @Test
    void disabledEqualsTheBaseBitForBit() {
        float[] base = draw();
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1)) {
            fillB(adapter);
            assertThat(draw()).isNotEqualTo(base);
            assertThat(adapter.disabledDuring(this::draw)).isEqualTo(base);
            assertThat(adapter.enabled()).isTrue();
            assertThatThrownBy(() -> adapter.disabledDuring(() -> {
                        throw new IllegalStateException("in between");
                    }))
                    .hasMessage("in between");
            assertThat(adapter.enabled()).isTrue();
        }
        assertThat(draw()).as("after closing").isEqualTo(base);
    }

    @Test
    void onlyTheAdapterGetsGradients() {
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1);
                Golden inputs = Golden.open("a/transformer.safetensors")) {
            fillB(adapter);
            compute.training(() -> {
                velocity(inputs).square().mean().backward();
                assertThat(adapter.parameters().values()).allSatisfy(parameter -> assertThat(parameter.gradient())
                        .isNotNull());
                assertThat(pipeline.transformer().parameters().values())
                        .allSatisfy(parameter ->
                                assertThat(parameter.requiresGradient()).isFalse());
                return true;
            });
        }
    }

    @Test
    void namesAreThoseOfPeftAndTheLastBlockHasNoContextOutput() {
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1)) {
            assertThat(adapter.parameters())
                    .containsKey("base_model.model.transformer_blocks.0.attn.to_q.lora_A.weight")
                    .containsKey("base_model.model.transformer_blocks.0.attn.to_out.0.lora_B.weight")
                    .containsKey("base_model.model.transformer_blocks.0.attn.to_add_out.lora_A.weight")
                    .doesNotContainKey("base_model.model.transformer_blocks.1.attn.to_add_out.lora_A.weight")
                    .hasSize(2 * adapter.modules());
        }
    }

    @Test
    void theSeedDecidesA() {
        float[] first = firstA(1);
        assertThat(firstA(1)).isEqualTo(first);
        assertThat(firstA(2)).isNotEqualTo(first);
    }

    @Test
    void aTargetThatNamesNothingIsRefused() {
        LoraConfig config = new LoraConfig(4, 8, List.of("attn.to_q", "attn.to_queue"));
        assertThatThrownBy(() -> pipeline.transformer().attachAdapter(config, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("attn.to_queue");
        pipeline.transformer().attachAdapter(CONFIG, 1).close();
    }

    @Test
    void aSecondAdapterNeedsTheFirstToBeClosed() {
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1)) {
            assertThat(adapter.modules()).isPositive();
            assertThatThrownBy(() -> pipeline.transformer().attachAdapter(CONFIG, 2))
                    .isInstanceOf(IllegalStateException.class);
        }
        pipeline.transformer().attachAdapter(CONFIG, 2).close();
    }

    @Test
    void loadingBindsAllOrNothing() {
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1)) {
            float[] before = draw();
            compute.inference(() -> {
                Map<String, Tensor> other = new LinkedHashMap<>();
                adapter.parameters()
                        .forEach((name, own) -> other.put(name, Tensor.ones(Device.cpu(), own.dtype(), own.shape())));
                String some = other.keySet().iterator().next();

                Map<String, Tensor> missing = new LinkedHashMap<>(other);
                missing.remove(some);
                assertRefused(adapter, missing, some);
                Map<String, Tensor> unknown = new LinkedHashMap<>(other);
                unknown.put("stranger", Tensor.ones(Device.cpu(), dev.flowguard.tensor.DType.FLOAT32, 1));
                assertRefused(adapter, unknown, "stranger");
                Map<String, Tensor> misshapen = new LinkedHashMap<>(other);
                misshapen.put(some, Tensor.ones(Device.cpu(), dev.flowguard.tensor.DType.FLOAT32, 1));
                assertRefused(adapter, misshapen, "[1]");
                return true;
            });
            assertThat(draw()).isEqualTo(before);
        }
    }

    private static void assertRefused(LoraAdapter adapter, Map<String, Tensor> tensors, String named) {
        assertThatThrownBy(() -> adapter.load(tensors))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(named);
    }

    private float[] firstA(long seed) {
        try (LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, seed);
                Scope scope = Scope.open()) {
            return adapter.parameters().values().iterator().next().toFloats();
        }
    }

    private static void fillB(LoraAdapter adapter) {
        try (Scope scope = Scope.open()) {
            adapter.parameters().forEach((name, tensor) -> {
                if (name.contains("lora_B")) {
                    tensor.assign(Tensor.full(Device.cpu(), 0.1, tensor.dtype(), tensor.shape()));
                }
            });
        }
    }

    private float[] draw() {
        try (Golden inputs = Golden.open("a/transformer.safetensors")) {
            return compute.inference(() -> velocity(inputs).toFloats());
        }
    }

    private Tensor velocity(Golden inputs) {
        return pipeline.transformer()
                .velocity(
                        inputs.tensor("latents"),
                        inputs.tensor("timestep"),
                        new Conditioning(inputs.tensor("context"), inputs.tensor("pooled")));
    }
}
