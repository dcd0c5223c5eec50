package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code T5EncoderModel.forward}. */
record NamedT5Encoder(T5Config config) implements NamedNetwork<T5Encoder> {

    @Override
    public Signature signature() {
        return new Signature(
                List.of(Signature.Argument.ids(config.vocabSize()), Signature.Argument.attentionMask()),
                List.of("last_hidden_state"));
    }

    @Override
    public WeightOptions weights(LoadOptions options) {
        return options.textEncoderWeights();
    }

    @Override
    public T5Encoder load(Path directory, WeightOptions options) {
        return T5Encoder.load(directory, options);
    }

    @Override
    public Map<String, Tensor> call(T5Encoder network, NamedTensors inputs) {
        List<long[]> ids = inputs.rows("input_ids");
        List<long[]> mask = inputs.findRows("attention_mask");
        return Map.of("last_hidden_state", mask == null ? network.encode(ids) : network.encode(ids, mask));
    }
}
