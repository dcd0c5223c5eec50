package dev.flowguard.reward.geneval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.clip.ClipProperties;
import dev.flowguard.reward.geneval.GenEvalProperties.Score;
import dev.flowguard.reward.onnx.ChannelOrder;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The test's detector sees a person of score 1, a dog of .8 right of it, and a person of .2. */
class GenEvalScorerTest {

    private static final ClipProperties NO_CLIP = new ClipProperties(null, null, "cpu", "float32");
    private static final Path DETECTOR = Path.of("src/test/resources/onnx/detector.onnx");
    private static final String TWO_DOGS_RIGHT_OF_A_PERSON = """
        {"tag": "position", "include": [{"class": "person", "count": 1},
          {"class": "dog", "count": 2, "position": ["right of", 0]}]}\
        """;
    private static final String COLOURS = """
        {"tag": "color_attr", "include": [{"class": "person", "count": 1, "color": "green"},
          {"class": "dog", "count": 1, "color": "black"}]}\
        """;

    @Test
    void theSettingChoosesTheScore() {
        String dog =
                "{'tag': 'single_object', 'include': [{'class': 'dog', 'count': 1}], 'exclude': [{'class': 'person',"
                        + " 'count': 1}]}";
        assertThat(value(Score.TRAINING, dog)).isEqualTo(1);
        assertThat(value(Score.STRICT, dog)).isEqualTo(1);
        assertThat(value(Score.BENCHMARK, dog))
                .as("the benchmark alone excludes")
                .isZero();
        assertThat(value(Score.TRAINING, TWO_DOGS_RIGHT_OF_A_PERSON)).isEqualTo((1 + .5 + 0) / 3);
        assertThat(value(Score.BENCHMARK, TWO_DOGS_RIGHT_OF_A_PERSON)).isZero();
    }

    @Test
    void countingAsksForSurerDetections() {
        assertThat(value(Score.BENCHMARK, "{'tag': 'counting', 'include': [{'class': 'dog', 'count': 1}]}"))
                .isZero();
        assertThat(value(Score.BENCHMARK, "{'tag': 'counting', 'include': [{'class': 'person', 'count': 1}]}"))
                .isOne();
    }

    @Test
    void notesSayWhatWasSeen() {
        ScoreOutcome.Scored scored = (ScoreOutcome.Scored)
                score(properties(DETECTOR, Score.TRAINING), null, metadata(TWO_DOGS_RIGHT_OF_A_PERSON));
        assertThat(scored.notes())
                .containsEntry("seen", "1 dog, 1 person")
                .containsEntry("faults", "dog: 2 asked, 1 found")
                .containsEntry("benchmark", "0.0");
    }

    @Test
    void coloursAreThoseOfTheObjectBeforeGrey() {
        // The mask covers the right half: of the person on the left nothing is left.
        FakeColours colours = new FakeColours();
        ScoreOutcome.Scored scored =
                (ScoreOutcome.Scored) score(properties(DETECTOR, Score.TRAINING), colours, metadata(COLOURS));
        assertThat(colours.upperLeft).containsExactly(0xFF999999, 0xFF00FF00);
        assertThat(scored.value()).isEqualTo((1 + 0 + 1 + 0) / 4.);
        assertThat(scored.notes().get("faults"))
                .isEqualTo(
                        "person: 1 green asked, the colours are [white]; dog: 1 black asked, the colours are [green]");
    }

    @Test
    void whatCannotBeJudgedIsInvalidAndNeverZero() {
        assertThat(invalid(Optional.empty())).contains("metadata");
        assertThat(invalid(metadata("{}"))).contains("tag");
        assertThat(invalid(metadata("{'tag': 'single_object', 'include': [{'class': 'unicorn', 'count': 1}]}")))
                .contains("unicorn");
        assertThat(invalid(metadata(COLOURS))).contains("flowguard.reward.geneval.clip.model");
    }

    @Test
    void scoresOfOneDetectorAreTheSameByOnnxAndByTorchScript() {
        Path script = Path.of("src/test/resources/torchscript/detector.pt");
        for (Score score : Score.values()) {
            assertThat(score(properties(script, score), null, metadata(TWO_DOGS_RIGHT_OF_A_PERSON)))
                    .isInstanceOf(ScoreOutcome.Scored.class)
                    .isEqualTo(score(properties(DETECTOR, score), null, metadata(TWO_DOGS_RIGHT_OF_A_PERSON)));
        }
        assertThat(description(properties(script, Score.TRAINING)).getVersion())
                .as("the files differ")
                .isNotEqualTo(description(properties(DETECTOR, Score.TRAINING)).getVersion());
    }

    @Test
    void aDetectorThatFailsIsAFailureAndNeverZero() {
        Path choosy = Path.of("src/test/resources/torchscript/choosy-detector.pt");
        assertThat(score(properties(choosy, Score.TRAINING), null, metadata(TWO_DOGS_RIGHT_OF_A_PERSON)))
                .isInstanceOf(ScoreOutcome.Failed.class);
    }

    @Test
    void describesItself() {
        ScorerDescription training = description(properties(DETECTOR, Score.TRAINING));
        assertThat(training.getScorerId()).isEqualTo("geneval");
        assertThat(training.getInputsList())
                .containsExactly(ScorerInput.SCORER_INPUT_IMAGE, ScorerInput.SCORER_INPUT_METADATA);
        assertThat(training.getRangeMin()).isZero();
        assertThat(training.getRangeMax()).isOne();
        assertThat(training.getWeightsSha256().size()).isEqualTo(32);
        assertThat(training.getVersion())
                .isNotEqualTo(description(properties(DETECTOR, Score.STRICT)).getVersion());
        GenEvalProperties compat = new GenEvalProperties(
                DETECTOR,
                null,
                NO_CLIP,
                Score.TRAINING,
                true,
                4,
                8,
                List.of(0f, 0f, 0f),
                List.of(1f, 1f, 1f),
                ChannelOrder.RGB,
                1);
        assertThat(description(compat).hasRangeMin()).isFalse();
        assertThat(description(compat).getVersion()).contains("reference-compat");
    }

    @Test
    void withoutItsDetectorItRefusesToStart() {
        assertThatThrownBy(() -> GenEvalScorer.open(properties(null, Score.TRAINING)))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("flowguard.reward.geneval.detector")
                .hasMessageContaining("flowguard.reward.geneval.clip.model");
    }

    /** Names an object by the pixel in the corner of its crop: white where it is grey, green where it is green. */
    private static final class FakeColours implements ColourClassifier {

        private final List<Integer> upperLeft = new ArrayList<>();

        @Override
        public List<Colour> coloursOf(String object, List<BufferedImage> crops) {
            return crops.stream()
                    .map(crop -> {
                        upperLeft.add(crop.getRGB(0, 0));
                        return crop.getRGB(0, 0) == 0xFF00FF00 ? Colour.GREEN : Colour.WHITE;
                    })
                    .toList();
        }

        @Override
        public byte[] sha256() {
            return new byte[32];
        }

        @Override
        public void close() {}
    }

    private static double value(Score score, String metadata) {
        return ((ScoreOutcome.Scored) score(properties(DETECTOR, score), null, metadata(metadata))).value();
    }

    private static String invalid(Optional<Struct> metadata) {
        return ((ScoreOutcome.Invalid) score(properties(DETECTOR, Score.TRAINING), null, metadata)).message();
    }

    private static ScoreOutcome score(
            GenEvalProperties properties, @Nullable ColourClassifier colours, Optional<Struct> metadata) {
        try (GenEvalScorer scorer = scorer(properties, colours);
                ScorerWorker worker = scorer.newWorker()) {
            return worker.scoreBatch(List.of(new ScoreItem(DetectorTest.image(), "", metadata)))
                    .get(0);
        }
    }

    private static GenEvalScorer scorer(GenEvalProperties properties, @Nullable ColourClassifier colours) {
        ClassNames names = ClassNames.coco();
        Path file = properties.detector();
        return new GenEvalScorer(
                properties,
                Detector.open(file == null ? DETECTOR : file, names, properties),
                names,
                Optional.ofNullable(colours));
    }

    private static ScorerDescription description(GenEvalProperties properties) {
        try (GenEvalScorer scorer = GenEvalScorer.open(properties)) {
            return scorer.description();
        }
    }

    private static Optional<Struct> metadata(String json) {
        return Optional.of(RequestTest.struct(json.replace('\'', '"')));
    }

    private static GenEvalProperties properties(@Nullable Path detector, Score score) {
        return new GenEvalProperties(
                detector,
                null,
                NO_CLIP,
                score,
                false,
                4,
                8,
                List.of(0f, 0f, 0f),
                List.of(255f, 255f, 255f),
                ChannelOrder.RGB,
                1);
    }
}
