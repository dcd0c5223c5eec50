package dev.flowguard.reward.jpeg;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;

/**
 * Flow-GRPO's JPEG rewards ({@code flow_grpo/rewards.py}): the size of the image as a JPEG file of quality 95. With size in bytes,
 *
 * <pre>
 *   jpeg-incompressibility =   size / 1000          (in kB)
 *   jpeg-compressibility   = −(size / 1000) / 500   (in units of 500 kB)
 * </pre>
 *
 * The files are those of Pillow ({@code save(format="JPEG", quality=95)}: 4:2:0, standard Huffman tables), byte for byte in size.
 */
public final class JpegSizeScorer implements Scorer {

    /** The id of the reward that prefers small files. */
    public static final String COMPRESSIBILITY = "jpeg-compressibility";

    /** The id of the reward that prefers large files. */
    public static final String INCOMPRESSIBILITY = "jpeg-incompressibility";

    private static final String VERSION = "1";

    private final String id;
    private final double rewardPerByte;

    private JpegSizeScorer(String id, double rewardPerByte) {
        this.id = id;
        this.rewardPerByte = rewardPerByte;
    }

    public static JpegSizeScorer compressibility() {
        return new JpegSizeScorer(COMPRESSIBILITY, -1 / 500_000.0);
    }

    public static JpegSizeScorer incompressibility() {
        return new JpegSizeScorer(INCOMPRESSIBILITY, 1 / 1000.0);
    }

    @Override
    public ScorerDescription description() {
        ScorerDescription.Builder description = ScorerDescription.newBuilder()
                .setScorerId(id)
                .setVersion(VERSION)
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .setArity(Arity.ARITY_POINTWISE)
                .setDeterministic(true);
        return rewardPerByte < 0
                ? description.setRangeMax(0).build()
                : description.setRangeMin(0).build();
    }

    @Override
    public boolean gainsFromBatches() {
        return false;
    }

    @Override
    public ScorerWorker newWorker() {
        return new JpegSizeWorker(rewardPerByte);
    }
}
