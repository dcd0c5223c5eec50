package dev.flowguard.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Against the Python originals' code with small random CLIPs; {@code tools/parity/clip/rewards.py} wrote them and what it gives. */
class ClipScorersTest {

    private static final Path ROOT = Path.of("src/test/resources/parity/clip");
    private static final int PASS = 6;
    private static final Path HEAD = ROOT.resolve("head.safetensors");
    private static final List<JsonNode> GOLDENS = goldens();
    private static final List<ScoreItem> ITEMS = GOLDENS.stream()
            .map(golden -> new ScoreItem(
                    ParityImage.of(golden.get("image").intValue()),
                    golden.get("prompt").stringValue()))
            .toList();

    @ParameterizedTest
    @ValueSource(strings = {"pickscore", "clipscore", "hpsv2", "aesthetic"})
    void scoresAreThoseOfTheOriginals(String id) {
        assertThat(GOLDENS).hasSizeGreaterThanOrEqualTo(50);
        List<Double> scores = scoresInBatchesOf(8, id, ITEMS);
        ScorerDescription description = describe(id);
        for (int i = 0; i < scores.size(); i++) {
            double expected = GOLDENS.get(i).get(id).doubleValue();
            assertThat(scores.get(i))
                    .as("image %d", i)
                    .isCloseTo(expected, within(1e-3 * Math.abs(expected)))
                    .isBetween(description.getRangeMin(), description.getRangeMax());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pickscore", "clipscore", "hpsv2", "aesthetic"})
    void anItemsScoreDoesNotDependOnItsBatch(String id) {
        assertThat(describe(id).getDeterministic()).isTrue();
        List<ScoreItem> shuffled = shuffled();
        List<Double> alone = scoresInBatchesOf(1, id, shuffled);
        assertThat(scoresInBatchesOf(40, id, shuffled)).isEqualTo(alone);
    }

    @Test
    void passesOfSeveralImagesDifferByRoundingAndSayIt() {
        ClipProperties together = new ClipProperties(ROOT.resolve("h"), null, "cpu", "float32", 32);
        try (SimilarityScorer scorer = SimilarityScorer.pickscore(together)) {
            assertThat(scorer.description().getDeterministic()).isFalse();
            List<Double> scores = scoresOf(scorer, 40, ITEMS);
            List<Double> alone = scoresInBatchesOf(1, "pickscore", ITEMS);
            for (int i = 0; i < scores.size(); i++) {
                assertThat(scores.get(i)).isCloseTo(alone.get(i), within(2e-6));
            }
        }
    }

    @Test
    void describesItself() {
        ScorerDescription pickscore = describe("pickscore");
        assertThat(pickscore.getScorerId()).isEqualTo("pickscore");
        assertThat(pickscore.getVersion()).startsWith("1+float32.weights-");
        assertThat(pickscore.getWeightsSha256().size()).isEqualTo(32);
        assertThat(pickscore.getInputsList())
                .containsExactly(ScorerInput.SCORER_INPUT_IMAGE, ScorerInput.SCORER_INPUT_PROMPT);
        assertThat(pickscore.getRangeMax()).isCloseTo(Math.exp(4.6052) / 26, within(1e-4));
        assertThat(pickscore.getRangeMin()).isEqualTo(-pickscore.getRangeMax());
        assertThat(describe("hpsv2").getRangeMax()).isEqualTo(1);
        assertThat(describe("aesthetic").getInputsList()).containsExactly(ScorerInput.SCORER_INPUT_IMAGE);
    }

    @Test
    void theDigestIsOfWhatDeterminesTheScoreAndNotOfWhereItLies(@TempDir Path folder) throws IOException {
        Path moved = copy(ROOT.resolve("h"), folder.resolve("elsewhere"));
        Path split = Files.createDirectory(folder.resolve("network"));
        Files.copy(ROOT.resolve("h/config.json"), split.resolve("config.json"));
        Files.copy(ROOT.resolve("h/model.safetensors"), split.resolve("model.safetensors"));
        byte[] digest = digest(new ClipProperties(ROOT.resolve("h"), null, "cpu", "float32"));
        assertThat(digest(new ClipProperties(moved, null, "cpu", "float32"))).isEqualTo(digest);
        assertThat(digest(new ClipProperties(split, moved, "cpu", "float32"))).isEqualTo(digest);
        Files.writeString(
                moved.resolve("preprocessor_config.json"), "{\"size\": 28, \"crop_size\": 28, \"resample\": 2}");
        assertThat(digest(new ClipProperties(moved, null, "cpu", "float32"))).isNotEqualTo(digest);
    }

    @Test
    void computesInHalfPrecision() {
        ClipProperties half = new ClipProperties(ROOT.resolve("h"), null, "cpu", "bfloat16");
        try (SimilarityScorer scorer = SimilarityScorer.pickscore(half)) {
            assertThat(scorer.description().getVersion()).startsWith("1+bfloat16.");
            List<Double> scores = scoresOf(scorer, 8, ITEMS);
            for (int i = 0; i < scores.size(); i++) {
                double expected = GOLDENS.get(i).get("pickscore").doubleValue();
                assertThat(scores.get(i)).as("image %d", i).isCloseTo(expected, within(0.15));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pickscore | config.json | yuvalkirstain/PickScore_v1",
                "clipscore | preprocessor_config.json | openai/clip-vit-large-patch14",
                "hpsv2 | model.safetensors | HPS_v2.1",
                "aesthetic | safetensors file of LAION's head | sac+logos+ava1-l14-linearMSE.pth"
            })
    void withoutWeightsOneLineSaysWhichFilesItWants(String id, String file, String original) {
        assertThatThrownBy(() -> open(id, null, null).description())
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContainingAll("flowguard.reward." + id + ".", file, original)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void namesEveryMissingFile(@TempDir Path folder) throws IOException {
        Files.copy(ROOT.resolve("h/config.json"), folder.resolve("config.json"));
        assertThatThrownBy(() -> open("pickscore", folder, null))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContainingAll(
                        folder.resolve("model.safetensors").toString(),
                        folder.resolve("preprocessor_config.json").toString(),
                        folder.resolve("tokenizer_config.json").toString(),
                        folder.resolve("tokenizer.json").toString())
                .message()
                .doesNotContain(folder.resolve("config.json") + ",");
    }

    @Test
    void refusesWhatDoesNotBelongTogether(@TempDir Path folder) throws IOException {
        refused(
                "aesthetic rates",
                () -> open("aesthetic", ROOT.resolve("h"), HEAD),
                "embeddings of 8 numbers",
                "gives 10");
        refused(
                "device",
                () -> SimilarityScorer.pickscore(new ClipProperties(ROOT.resolve("h"), null, "tpu", "float32")),
                "flowguard.reward.pickscore: device 'tpu'");
        refused(
                "images per pass",
                () -> SimilarityScorer.pickscore(new ClipProperties(ROOT.resolve("h"), null, "cpu", "float32", 0)),
                "flowguard.reward.pickscore.images-per-pass must be in 1..256, not 0");
        refused(
                "a GPU that is not there",
                () -> SimilarityScorer.pickscore(new ClipProperties(ROOT.resolve("h"), null, "cuda:99", "float32")),
                "flowguard.reward.pickscore: device cuda:99 cannot be used");
        refused(
                "dtype",
                () -> SimilarityScorer.pickscore(new ClipProperties(ROOT.resolve("h"), null, "cpu", "int8")),
                "dtype 'int8'");
        refused(
                "crop",
                () -> SimilarityScorer.pickscore(
                        new ClipProperties(ROOT.resolve("h"), ROOT.resolve("l"), "cpu", "float32")),
                "crops to 24 x 24",
                "image_size is 28");
        Path broken = copy(ROOT.resolve("h"), folder.resolve("broken"));
        Files.writeString(broken.resolve("config.json"), "{\"model_type\": \"siglip\"}");
        refused(
                "model",
                () -> open("pickscore", broken, null),
                "flowguard.reward.pickscore: ",
                "model_type is 'siglip'");
        Path notHead = ROOT.resolve("h/model.safetensors");
        refused(
                "head",
                () -> open("aesthetic", ROOT.resolve("l"), notHead),
                "no layers.N.weight",
                "convert_aesthetic.py");
    }

    @Test
    void encodesCropsAndTextsForOthers() {
        ClipProperties settings = new ClipProperties(ROOT.resolve("l"), null, "cpu", "float32", PASS);
        try (ClipEncoder encoder = ClipEncoder.open("flowguard.reward.test", "any CLIP", settings)) {
            float[][] images = encoder.imageEmbeddings(Stream.iterate(0, i -> i + 1)
                    .limit(PASS + 3)
                    .map(ParityImage::of)
                    .toList());
            assertThat(images).hasNumberOfRows(PASS + 3);
            float[][] texts = encoder.textEmbeddings(List.of("a red car", "a blue car", "a red car"));
            assertThat(texts[0]).isSameAs(texts[2]).isNotEqualTo(texts[1]).hasSize(encoder.dimension());
            for (float[] embedding : images) {
                assertThat(ClipEncoder.cosine(embedding, embedding)).isCloseTo(1, within(1e-6));
            }
            assertThat(encoder.imageEmbeddings(List.of())).isEmpty();
            assertThat(encoder.textEmbeddings(List.of())).isEmpty();
        }
    }

    @Test
    void aNanStaysOne() {
        assertThat(ClipEncoder.cosine(new float[] {Float.NaN}, new float[] {1})).isNaN();
    }

    private static void refused(String what, Runnable opening, String... parts) {
        assertThatThrownBy(opening::run)
                .as(what)
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    private static Scorer open(String id, @Nullable Path model, @Nullable Path head) {
        ClipProperties clip = new ClipProperties(model, null, "cpu", "float32");
        return switch (id) {
            case "pickscore" -> SimilarityScorer.pickscore(clip);
            case "clipscore" -> SimilarityScorer.clipscore(clip);
            case "hpsv2" -> SimilarityScorer.hpsv2(clip);
            default -> AestheticScorer.open(new AestheticProperties(model, null, head, "cpu", "float32"));
        };
    }

    /** With the small CLIP that stands for the one of that scorer. */
    private static void with(String id, Consumer<Scorer> use) {
        boolean large = id.equals("pickscore") || id.equals("hpsv2");
        Scorer scorer = open(id, ROOT.resolve(large ? "h" : "l"), HEAD);
        try {
            use.accept(scorer);
        } finally {
            if (scorer instanceof AestheticScorer aesthetic) {
                aesthetic.close();
            } else if (scorer instanceof SimilarityScorer similarity) {
                similarity.close();
            }
        }
    }

    private static ScorerDescription describe(String id) {
        List<ScorerDescription> descriptions = new ArrayList<>();
        with(id, scorer -> descriptions.add(scorer.description()));
        return descriptions.get(0);
    }

    private static List<Double> scoresInBatchesOf(int size, String id, List<ScoreItem> items) {
        List<Double> scores = new ArrayList<>();
        with(id, scorer -> scores.addAll(scoresOf(scorer, size, items)));
        return scores;
    }

    private static List<Double> scoresOf(Scorer scorer, int size, List<ScoreItem> items) {
        List<Double> scores = new ArrayList<>();
        try (ScorerWorker worker = scorer.newWorker()) {
            for (int from = 0; from < items.size(); from += size) {
                for (ScoreOutcome outcome :
                        worker.scoreBatch(items.subList(from, Math.min(items.size(), from + size)))) {
                    scores.add(((ScoreOutcome.Scored) outcome).value());
                }
            }
        }
        return scores;
    }

    private static List<ScoreItem> shuffled() {
        List<ScoreItem> shuffled = new ArrayList<>(ITEMS);
        Collections.shuffle(shuffled, new Random(3));
        return shuffled;
    }

    private static byte[] digest(ClipProperties properties) {
        try (SimilarityScorer scorer = SimilarityScorer.pickscore(properties)) {
            return scorer.description().getWeightsSha256().toByteArray();
        }
    }

    private static Path copy(Path folder, Path target) throws IOException {
        Files.createDirectory(target);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName().toString()));
            }
        }
        return target;
    }

    private static List<JsonNode> goldens() {
        List<JsonNode> goldens = new ArrayList<>();
        new JsonMapper().readTree(ROOT.resolve("rewards.json")).forEach(goldens::add);
        return goldens;
    }
}
