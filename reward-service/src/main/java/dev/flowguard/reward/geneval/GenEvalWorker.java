package dev.flowguard.reward.geneval;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Judges one image after the other with what all workers share. */
final class GenEvalWorker implements ScorerWorker {

    private final GenEvalProperties properties;
    private final Detector detector;
    private final ClassNames names;
    private final Optional<ColourClassifier> colours;

    GenEvalWorker(
            GenEvalProperties properties, Detector detector, ClassNames names, Optional<ColourClassifier> colours) {
        this.properties = properties;
        this.detector = detector;
        this.names = names;
        this.colours = colours;
    }

    @Override
    public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
        return items.stream().map(this::score).toList();
    }

    private ScoreOutcome score(ScoreItem item) {
        if (item.metadata().isEmpty()) {
            return new ScoreOutcome.Invalid(
                    "the prompt has no metadata; GenEval's says what the image must show: {\"tag\": ..., \"include\":"
                            + " [...]}");
        }
        try {
            Request request = Request.parse(item.metadata().get());
            checkAnswerable(request);
            boolean wantsColours = request.include().stream()
                    .anyMatch(clause -> clause.colour().isPresent());
            Detections seen = Detections.of(
                    detector.detect(item.image(), wantsColours), request.tag().threshold());
            return outcome(
                    GenEval.judge(
                            request, seen, objects -> coloursOf(item.image(), objects), properties.referenceCompat()),
                    seen);
        } catch (UnusableMetadataException e) {
            return new ScoreOutcome.Invalid("the metadata of the prompt cannot be used: " + e.getMessage());
        } catch (DetectorException e) {
            return new ScoreOutcome.Failed(String.valueOf(e.getMessage()));
        }
    }

    /** What can never be seen must not be scored as unseen. */
    private void checkAnswerable(Request request) throws UnusableMetadataException {
        Optional<String> unknown = Stream.concat(
                        request.include().stream().map(Clause::object),
                        request.exclude().stream().map(Exclusion::object))
                .filter(object -> !names.contains(object))
                .findFirst();
        if (unknown.isPresent()) {
            throw new UnusableMetadataException("the detector knows no class '%s'".formatted(unknown.get()));
        }
        if (colours.isEmpty()
                && request.include().stream().anyMatch(clause -> clause.colour().isPresent())) {
            throw new UnusableMetadataException("it asks for a color, which only CLIP can tell: give the scorer"
                    + " flowguard.reward.geneval.clip.model=FOLDER");
        }
    }

    private List<Colour> coloursOf(BufferedImage image, List<Detection> objects) {
        return colours.orElseThrow()
                .coloursOf(
                        objects.get(0).object(),
                        objects.stream()
                                .map(object -> ObjectCrop.of(image, object))
                                .toList());
    }

    private ScoreOutcome outcome(GenEval.Judgement judgement, Detections seen) {
        double benchmark = judgement.benchmark() ? 1 : 0;
        double strict = judgement.strict() ? 1 : 0;
        double value =
                switch (properties.score()) {
                    case TRAINING -> judgement.training();
                    case BENCHMARK -> benchmark;
                    case STRICT -> strict;
                };
        return new ScoreOutcome.Scored(
                value,
                Map.of(
                        "seen", seen.toString(),
                        "faults", String.join("; ", judgement.faults()),
                        "training", Double.toString(judgement.training()),
                        "benchmark", Double.toString(benchmark),
                        "strict", Double.toString(strict)));
    }

    @Override
    public void close() {}
}
