package dev.flowguard.reward.geneval;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerVersion;
import dev.flowguard.reward.ScorerWorker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The scorer {@code geneval}: whether the image shows the objects that the prompt's metadata asks for. {@link GenEval} has the rules.
 *
 * <p>All workers share one detector and one CLIP. Spring closes the scorer after the workers: it was created before the pool that they are in.
 */
public final class GenEvalScorer implements Scorer, AutoCloseable {

    /** The scorer's id, and its name in {@code flowguard.reward.scorers}. */
    public static final String ID = "geneval";

    /** Counts changes of any score. */
    private static final String VERSION = "2";

    private final GenEvalProperties properties;
    private final Detector detector;
    private final ClassNames names;
    private final Optional<ColourClassifier> colours;

    GenEvalScorer(
            GenEvalProperties properties, Detector detector, ClassNames names, Optional<ColourClassifier> colours) {
        this.properties = properties;
        this.detector = detector;
        this.names = names;
        this.colours = colours;
    }

    /**
     * Loads the networks. The caller closes the scorer.
     *
     * @throws RewardConfigurationException if one is missing or is not as it must be
     */
    public static GenEvalScorer open(GenEvalProperties properties) {
        if (properties.detector() == null) {
            throw new RewardConfigurationException(
                    "scorer geneval has no detector: name its ONNX or TorchScript file with flowguard.reward.geneval.detector=FILE,"
                            + " and for prompts that ask for a color a folder of CLIP ViT-L/14 with"
                            + " flowguard.reward.geneval.clip.model=FOLDER");
        }
        ClassNames names =
                properties.classNames() == null ? ClassNames.coco() : ClassNames.read(properties.classNames());
        Detector detector = Detector.open(properties.detector(), names, properties);
        try {
            Optional<ColourClassifier> colours = properties.clip().model() == null
                    ? Optional.empty()
                    : Optional.of(ClipColours.open(properties.clip()));
            return new GenEvalScorer(properties, detector, names, colours);
        } catch (RuntimeException e) {
            detector.close();
            throw e;
        }
    }

    @Override
    public ScorerDescription description() {
        MessageDigest weights = DigestUtils.getSha256Digest();
        weights.update(HexFormat.of().parseHex(detector.sha256()));
        weights.update(names.text().getBytes(StandardCharsets.UTF_8));
        colours.ifPresent(clip -> weights.update(clip.sha256()));
        byte[] digest = weights.digest();
        ScorerDescription.Builder description = ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion(version(digest))
                .setWeightsSha256(ByteString.copyFrom(digest))
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addInputs(ScorerInput.SCORER_INPUT_METADATA)
                .setArity(Arity.ARITY_POINTWISE)
                .setRangeMax(1)
                .setDeterministic(true);
        if (!properties.referenceCompat() || properties.score() != GenEvalProperties.Score.TRAINING) {
            description.setRangeMin(0);
        }
        return description.build();
    }

    private String version(byte[] weights) {
        String definition = "%s+%s%s.%dx%d.%s.mean%s.std%s.weights"
                .formatted(
                        VERSION,
                        properties.score().name().toLowerCase(Locale.ROOT),
                        properties.referenceCompat() ? ".reference-compat" : "",
                        properties.shortSide(),
                        properties.longSide(),
                        properties.channels().name().toLowerCase(Locale.ROOT),
                        properties.mean(),
                        properties.std())
                .replace(" ", "");
        return ScorerVersion.of(definition, weights);
    }

    @Override
    public boolean gainsFromBatches() {
        return false;
    }

    @Override
    public ScorerWorker newWorker() {
        return new GenEvalWorker(properties, detector, names, colours);
    }

    @Override
    public void close() {
        detector.close();
        colours.ifPresent(ColourClassifier::close);
    }
}
