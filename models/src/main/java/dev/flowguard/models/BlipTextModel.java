package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** BLIP's text encoder, a BERT that looks at an image in every layer: transformers' {@code BlipTextModel} without pooling. */
final class BlipTextModel {

    private final BlipTextConfig config;
    private final Device device;
    private final Tensor words;
    private final Tensor positions;
    private final LayerNorm norm;
    private final List<Layer> layers = new ArrayList<>();

    BlipTextModel(NetworkBuilder builder, BlipTextConfig config, int imageWidth, Device device) {
        this.config = config;
        this.device = device;
        int width = config.hiddenSize();
        Initializer embedding = new Initializer.Normal(0.02);
        words = builder.parameter("embeddings.word_embeddings.weight", embedding, config.vocabSize(), width);
        positions = builder.parameter(
                "embeddings.position_embeddings.weight", embedding, config.maxPositionEmbeddings(), width);
        norm = builder.layerNorm("embeddings.LayerNorm", width, config.layerNormEps());
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(new Layer(builder.at("encoder.layer", i), config, imageWidth));
        }
    }

    /**
     * The last hidden state, [B, L, hidden], in the type of the weights.
     *
     * @param ids one row per text, all of one length and without padding
     * @param image tokens of the image of each text, [B, M, imageWidth]
     */
    Tensor forward(List<long[]> ids, Tensor image) {
        TokenBatch batch = TokenBatch.of(ids, config.vocabSize());
        if (batch.length() > config.maxPositionEmbeddings()) {
            throw new IllegalArgumentException("a text of %d tokens is longer than %d, the most that BLIP takes"
                    .formatted(batch.length(), config.maxPositionEmbeddings()));
        }
        try (Scope scope = Scope.open()) {
            Tensor embedded = Ops.embedding(batch.toTensor(device), words);
            Tensor x = norm.forward(embedded.add(positions.slice(0, 0, batch.length())));
            for (Layer layer : layers) {
                x = layer.forward(x, image);
            }
            return x.keep();
        }
    }

    /** Attention among the tokens, attention to the image, and a feed-forward part, normalised after each. */
    private static final class Layer {

        private final BertAttention attention;
        private final BertAttention crossAttention;
        private final Linear widen;
        private final Linear narrow;
        private final LayerNorm norm;

        Layer(NetworkBuilder builder, BlipTextConfig config, int imageWidth) {
            int width = config.hiddenSize();
            attention = new BertAttention(builder.at("attention"), config, width);
            crossAttention = new BertAttention(builder.at("crossattention"), config, imageWidth);
            widen = builder.linear("intermediate.dense", width, config.intermediateSize());
            narrow = builder.linear("output.dense", config.intermediateSize(), width);
            norm = builder.layerNorm("output.LayerNorm", width, config.layerNormEps());
        }

        Tensor forward(Tensor x, Tensor image) {
            try (Scope scope = Scope.open()) {
                Tensor attended = crossAttention.forward(attention.forward(x, x), image);
                Tensor fed = narrow.forward(widen.forward(attended).gelu());
                return norm.forward(fed.add(attended)).keep();
            }
        }
    }
}
