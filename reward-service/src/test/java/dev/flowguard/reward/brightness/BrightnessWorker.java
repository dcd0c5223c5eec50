package dev.flowguard.reward.brightness;

import dev.flowguard.reward.LumaPlane;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import java.util.List;
import java.util.Map;

/** Works on one thread: what threads may not share is made in its constructor and let go in {@link #close}. */
final class BrightnessWorker implements ScorerWorker {

    @Override
    public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
        return items.stream().map(BrightnessWorker::score).toList();
    }

    private static ScoreOutcome score(ScoreItem item) {
        LumaPlane luma = LumaPlane.of(item.image());
        double sum = 0;
        for (int y = 0; y < luma.height(); y++) {
            for (int x = 0; x < luma.width(); x++) {
                sum += luma.at(x, y);
            }
        }
        return new ScoreOutcome.Scored(sum / luma.height() / luma.width(), Map.of());
    }

    @Override
    public void close() {}
}
