package dev.flowguard.reward.ocr;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.onnx.OnnxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads one image after the other with this thread's own reader. */
final class OcrWorker implements ScorerWorker {

    private final TextReader reader;

    OcrWorker(TextReader reader) {
        this.reader = reader;
    }

    @Override
    public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
        List<ScoreOutcome> outcomes = new ArrayList<>(items.size());
        for (ScoreItem item : items) {
            outcomes.add(score(item));
        }
        return outcomes;
    }

    private ScoreOutcome score(ScoreItem item) {
        Optional<OcrReward> reward = OcrReward.forPrompt(item.prompt());
        if (reward.isEmpty()) {
            return new ScoreOutcome.Invalid(
                    "the prompt names no text to read: put it between double quotes, as in: a sign that says \"EXIT\"");
        }
        String recognised;
        try {
            recognised = reader.read(item.image());
        } catch (OnnxException e) {
            return new ScoreOutcome.Failed(String.valueOf(e.getMessage()));
        }
        return new ScoreOutcome.Scored(reward.get().of(recognised), Map.of("recognized", recognised));
    }

    @Override
    public void close() {
        reader.close();
    }
}
