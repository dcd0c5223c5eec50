package dev.flowguard.reward.ocr;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads one image after the other with this thread's own Tesseract. */
final class OcrWorker implements ScorerWorker {

    private final Tesseract tesseract;
    private final OcrProperties properties;

    OcrWorker(Tesseract tesseract, OcrProperties properties) {
        this.tesseract = tesseract;
        this.properties = properties;
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
        String recognised = tesseract.read(GreyImage.prepare(item.image(), properties.padding(), properties.enlarge()));
        return new ScoreOutcome.Scored(reward.get().of(recognised), Map.of("recognized", recognised));
    }

    @Override
    public void close() {
        tesseract.close();
    }
}
