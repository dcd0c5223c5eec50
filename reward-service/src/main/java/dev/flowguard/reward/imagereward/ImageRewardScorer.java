package dev.flowguard.reward.imagereward;

import com.google.protobuf.ByteString;
import dev.flowguard.models.BertTokenizer;
import dev.flowguard.models.ImageRewardModel;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.FileDigest;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerVersion;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The scorer {@code image-reward}: ImageReward (Xu et al. 2023), how people would rate an image for its prompt. Its mean over the authors'
 * data is 0 and its deviation 1; it has no bounds. A prompt of more than 35 tokens loses its tail, as in the original.
 *
 * <p>Thread-safe. Images are prepared on the calling thread; the network runs one item at a time for each device ({@link Compute}), whoever
 * calls, so that a score depends on nothing else.
 */
public final class ImageRewardScorer implements Scorer, AutoCloseable {

    /** The scorer's id, and its name in {@code flowguard.reward.scorers}. */
    public static final String ID = "image-reward";

    /** Counts changes of any score. */
    private static final String VERSION = "1";

    private static final String PREFIX = "flowguard.reward." + ID;
    private static final String TOKENIZER = "tokenizer.json";
    private static final List<String> FILES = List.of("config.json", "model.safetensors", TOKENIZER);
    private static final String REMEDY =
            "tools/rewards/convert_image_reward.py makes it of ImageReward.pt (ImageReward-v1.0) and the tokenizer of bert-base-uncased";

    /** {@code max_length} of the original's {@code score}. */
    private static final int MAX_TOKENS = 35;

    /** {@code mean} and {@code std} of the original's {@code ImageReward}. */
    private static final double MEAN = 0.16717362830052426;

    private static final double DEVIATION = 1.0333394966054072;

    private final ImageRewardModel model;
    private final BertTokenizer tokenizer;
    private final ImageRewardProcessor processor;
    private final Device device;
    private final Compute compute;
    private final ScorerDescription description;

    private ImageRewardScorer(
            ImageRewardModel model, BertTokenizer tokenizer, Device device, ScorerDescription description) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.processor = new ImageRewardProcessor(model.config().vision().imageSize());
        this.device = device;
        this.compute = Compute.on(device);
        this.description = description;
    }

    /**
     * Loads the network and its tokenizer.
     *
     * @throws RewardConfigurationException if one of them cannot be loaded: one line that says why, or which files are missing
     */
    public static ImageRewardScorer open(ImageRewardProperties properties) {
        Path folder = folder(properties);
        List<Path> files = FILES.stream().map(folder::resolve).toList();
        try {
            Device device = Device.parse(properties.device());
            DType dtype = DType.parse(properties.dtype());
            device.requireUsable();
            Path tokenizerFile = folder.resolve(TOKENIZER);
            BertTokenizer tokenizer = BertTokenizer.load(tokenizerFile);
            ImageRewardModel model = ImageRewardModel.load(folder, device, dtype);
            int words = model.config().text().vocabSize();
            if (tokenizer.vocabularySize() > words) {
                throw new InputException("%s has %d tokens, the model only %d: take the tokenizer that belongs to it"
                        .formatted(tokenizerFile, tokenizer.vocabularySize(), words));
            }
            return new ImageRewardScorer(
                    model, tokenizer, device, describe(properties.dtype(), FileDigest.sha256(files)));
        } catch (InputException e) {
            throw new RewardConfigurationException(PREFIX + ": " + e.getMessage(), e);
        }
    }

    private static Path folder(ImageRewardProperties properties) {
        Path folder = properties.model();
        if (folder == null) {
            throw new RewardConfigurationException("%s.model is not set: name a folder with %s; %s"
                    .formatted(PREFIX, String.join(", ", FILES), REMEDY));
        }
        List<String> missing = FILES.stream()
                .map(folder::resolve)
                .filter(file -> !Files.isRegularFile(file))
                .map(Path::toString)
                .toList();
        if (!missing.isEmpty()) {
            throw new RewardConfigurationException(
                    "%s.model: missing %s; %s".formatted(PREFIX, String.join(", ", missing), REMEDY));
        }
        return folder;
    }

    private static ScorerDescription describe(String dtype, byte[] sha256) {
        return ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion(ScorerVersion.of(VERSION + "+" + dtype + ".weights", sha256))
                .setWeightsSha256(ByteString.copyFrom(sha256))
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .setArity(Arity.ARITY_POINTWISE)
                .setDeterministic(true)
                .build();
    }

    @Override
    public ScorerDescription description() {
        return description;
    }

    @Override
    public ScorerWorker newWorker() {
        return new ScorerWorker() {
            @Override
            public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
                List<ScoreOutcome> outcomes = new ArrayList<>(items.size());
                for (ScoreItem item : items) {
                    outcomes.add(new ScoreOutcome.Scored(score(item), Map.of()));
                }
                return outcomes;
            }

            @Override
            public void close() {}
        };
    }

    /** Frees the network, once the pass that is running has ended. */
    @Override
    public void close() {
        compute.inference(() -> {
            model.close();
            return true;
        });
        tokenizer.close();
    }

    private double score(ScoreItem item) {
        // The original pads to 35 tokens and keeps attention off the padding: without it the first token becomes the
        // same.
        List<long[]> ids = List.of(tokenizer.encode(item.prompt(), MAX_TOKENS));
        float[] pixels = processor.process(RgbImage.of(item.image()));
        int side = processor.side();
        float reward = compute.inference(() ->
                model.rewards(ids, Tensor.of(device, pixels, 1, 3, side, side)).toFloats()[0]);
        return (reward - MEAN) / DEVIATION;
    }
}
