package dev.flowguard.reward.brightness;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;

/** How bright an image is: 0 is black, 255 white. */
public final class BrightnessScorer implements Scorer {

    public static final String ID = "brightness";

    @Override
    public ScorerDescription description() {
        return ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion("1")
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .setArity(Arity.ARITY_POINTWISE)
                .setRangeMin(0)
                .setRangeMax(255)
                .setDeterministic(true)
                .build();
    }

    @Override
    public ScorerWorker newWorker() {
        return new BrightnessWorker();
    }
}
