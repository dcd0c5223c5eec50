package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** {@code CLIPTextModelWithProjection.forward}, or {@code CLIPTextModel}'s, with {@code output_hidden_states=True}. */
record NamedClipTextEncoder(ClipTextConfig config) implements NamedNetwork<ClipTextEncoder> {

    private static final String EMBEDDING = "text_embeds";
    private static final String LAST = "last_hidden_state";
    private static final String WRAPPER = "text_model.";
    private static final String POOLED = "pooler_output";

    @Override
    public Signature signature() {
        return new Signature(
                List.of(Signature.Argument.ids(config.vocabSize()), Signature.Argument.attentionMask()),
                Stream.concat(
                                config.projects() ? Stream.of(EMBEDDING, LAST, POOLED) : Stream.of(LAST, POOLED),
                                Signature.hiddenStates(config.numHiddenLayers()))
                        .toList());
    }

    @Override
    public WeightOptions weights(LoadOptions options) {
        return options.textEncoderWeights();
    }

    @Override
    public ClipTextEncoder load(Path directory, WeightOptions options) {
        return ClipTextEncoder.load(directory, options);
    }

    /** {@code CLIPTextModel} has lost a level of modules in transformers 5; its parameters go by both names. */
    @Override
    public Map<String, Tensor> parameters(ClipTextEncoder network) {
        Map<String, Tensor> parameters = new LinkedHashMap<>(network.parameters());
        if (!config.projects()) {
            network.parameters()
                    .forEach((name, parameter) -> parameters.put(name.substring(WRAPPER.length()), parameter));
        }
        return parameters;
    }

    @Override
    public Map<String, Tensor> call(ClipTextEncoder network, NamedTensors inputs) {
        ClipTextEncoder.States states = network.states(inputs.rows("input_ids"), inputs.findRows("attention_mask"));
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        if (config.projects()) {
            outputs.put(EMBEDDING, network.project(states.pooled()));
        }
        outputs.put(LAST, states.last());
        outputs.put(POOLED, states.pooled());
        Signature.putHiddenStates(outputs, states.hidden());
        return outputs;
    }
}
