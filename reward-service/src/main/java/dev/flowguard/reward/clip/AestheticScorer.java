package dev.flowguard.reward.clip;

import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.reward.FileDigest;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.tensor.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The scorer {@code aesthetic}: how people would rate an image, about 1 to 10, by LAION's linear predictor
 * ({@code sac+logos+ava1-l14-linearMSE}) on the image embedding of CLIP ViT-L/14. The prompt does not count.
 */
public final class AestheticScorer implements Scorer, AutoCloseable {

    /** The scorer's id, and its name in {@code flowguard.reward.scorers}. */
    public static final String ID = "aesthetic";

    /** Counts changes of any score. */
    private static final String VERSION = "1";

    private final ClipEncoder encoder;
    private final AestheticHead head;
    private final ScorerDescription description;

    private AestheticScorer(ClipEncoder encoder, AestheticHead head, String dtype, byte[] sha256) {
        this.encoder = encoder;
        this.head = head;
        this.description = ClipDescription.of(
                        ID, ClipDescription.version(VERSION, dtype, sha256), sha256, encoder.deterministic())
                .setRangeMin(head.lowest())
                .setRangeMax(head.highest())
                .build();
    }

    /**
     * Loads the CLIP and the head.
     *
     * @throws RewardConfigurationException if one of them cannot be loaded: one line that says why
     */
    public static AestheticScorer open(AestheticProperties properties) {
        String prefix = ClipDescription.prefix(ID);
        Path file = properties.head();
        if (file == null || !Files.isRegularFile(file)) {
            throw new RewardConfigurationException(
                    "%s.head %s: name the safetensors file of LAION's head, which tools/rewards/convert_aesthetic.py makes of sac+logos+ava1-l14-linearMSE.pth, and with %s.model the folder of openai/clip-vit-large-patch14"
                            .formatted(prefix, file == null ? "is not set" : file + " is missing", prefix));
        }
        AestheticHead head;
        try {
            head = AestheticHead.load(file);
        } catch (InputException e) {
            throw new RewardConfigurationException(prefix + ".head: " + e.getMessage(), e);
        }
        ClipEncoder encoder = ClipEncoder.open(prefix, "openai/clip-vit-large-patch14", properties.clip());
        if (encoder.dimension() != head.width()) {
            encoder.close();
            throw new RewardConfigurationException(
                    "%s.head: %s rates embeddings of %d numbers, the CLIP in %s.model gives %d: LAION's head wants openai/clip-vit-large-patch14"
                            .formatted(prefix, file, head.width(), prefix, encoder.dimension()));
        }
        MessageDigest digest = DigestUtils.getSha256Digest();
        digest.update(encoder.sha256());
        digest.update(FileDigest.sha256(List.of(file)));
        return new AestheticScorer(encoder, head, properties.dtype(), digest.digest());
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
                for (float[] embedding : encoder.imageEmbeddings(
                        items.stream().map(ScoreItem::image).toList())) {
                    outcomes.add(new ScoreOutcome.Scored(head.rate(embedding), Map.of()));
                }
                return outcomes;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {
        encoder.close();
    }
}
