package dev.flowguard.reward.ocr;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The scorer {@code ocr}: how much of the quoted text of the prompt can be read in the image, in [0, 1].
 *
 * <p>The rule is Flow-GRPO's; the reader is an embedded Tesseract with its English data instead of PaddleOCR, so scores of hard images differ from
 * the reference's. {@code notes["recognized"]} holds the text that was read.
 */
public final class OcrScorer implements Scorer {

    /** The scorer's id, and its name in {@code flowguard.reward.scorers}. */
    public static final String ID = "ocr";

    /** Counts changes of any score. */
    private static final String VERSION = "2";

    private static final String ENGLISH_DATA = "/tessdata/eng.traineddata";

    private final OcrProperties properties;
    private final byte[] languageData;

    public OcrScorer(OcrProperties properties) {
        this.properties = properties;
        this.languageData = readEnglishData();
    }

    @Override
    public ScorerDescription description() {
        return ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion("%s+psm%d.pad%d.x%d%s"
                        .formatted(
                                VERSION,
                                properties.pageSegmentationMode(),
                                properties.padding(),
                                properties.enlarge(),
                                properties.characterWhitelist().isEmpty()
                                        ? ""
                                        : ".only-" + properties.characterWhitelist()))
                .setWeightsSha256(ByteString.copyFrom(sha256(languageData)))
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .setArity(Arity.ARITY_POINTWISE)
                .setRangeMin(0)
                .setRangeMax(1)
                .setDeterministic(true)
                .build();
    }

    @Override
    public ScorerWorker newWorker() {
        return new OcrWorker(new Tesseract(languageData, properties), properties);
    }

    private static byte[] readEnglishData() {
        try (InputStream data = OcrScorer.class.getResourceAsStream(ENGLISH_DATA)) {
            if (data == null) {
                throw new IllegalStateException(ENGLISH_DATA + " is not on the class path: add the tess4j jar");
            }
            return data.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + ENGLISH_DATA, e);
        }
    }

    private static byte[] sha256(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
