package dev.flowguard.reward.ocr;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;

/**
 * The scorer {@code ocr}: how much of the quoted text of the prompt can be read in the image, in [0, 1].
 *
 * <p>The rule is Flow-GRPO's; the reader is an embedded Tesseract with its English data, so scores of hard images differ from the reference's,
 * or PP-OCR, as in the reference, out of files that the user gives. {@code notes["recognized"]} holds the text that was read.
 */
public final class OcrScorer implements Scorer, AutoCloseable {

    /** The scorer's id, and its name in {@code flowguard.reward.scorers}. */
    public static final String ID = "ocr";

    /** Counts changes of any score. */
    private static final String VERSION = "2";

    private final OcrEngine engine;

    /**
     * Loads the engine. The caller closes the scorer after its workers.
     *
     * @throws RewardConfigurationException if a file is missing or is not as it must be
     */
    public OcrScorer(OcrProperties properties) {
        this.engine = switch (properties.engine()) {
            case TESSERACT -> new TesseractEngine(properties);
            case PP_OCR -> new PpOcrEngine(properties.ppOcr());
        };
    }

    @Override
    public ScorerDescription description() {
        return ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion(VERSION + "+" + engine.version())
                .setWeightsSha256(ByteString.copyFrom(engine.sha256()))
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .setArity(Arity.ARITY_POINTWISE)
                .setRangeMin(0)
                .setRangeMax(1)
                .setDeterministic(true)
                .build();
    }

    @Override
    public boolean gainsFromBatches() {
        return false;
    }

    @Override
    public ScorerWorker newWorker() {
        return new OcrWorker(engine.newReader());
    }

    @Override
    public void close() {
        engine.close();
    }
}
