package dev.flowguard.reward.imagereward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.models.BertTokenizer;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.clip.ParityImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Against ImageReward's steps in Python with a small random network; {@code tools/parity/blip/image_reward.py} wrote both. */
class ImageRewardScorerTest {

    private static final Path MODEL = Path.of("src/test/resources/parity/image-reward");
    private static final List<JsonNode> GOLDENS = goldens();
    private static final List<ScoreItem> ITEMS = GOLDENS.stream()
            .map(golden -> new ScoreItem(
                    ParityImage.of(golden.get("image").intValue()),
                    golden.get("prompt").stringValue()))
            .toList();

    @Test
    void scoresAreThoseOfTheOriginal() {
        assertThat(GOLDENS).hasSizeGreaterThanOrEqualTo(50);
        List<Double> scores = scores("float32", 8, ITEMS);
        for (int i = 0; i < scores.size(); i++) {
            double expected = GOLDENS.get(i).get("score").doubleValue();
            assertThat(scores.get(i)).as("image %d", i).isCloseTo(expected, within(1e-4 * Math.abs(expected)));
        }
    }

    @Test
    void tokensAreThoseOfTheOriginal() {
        try (BertTokenizer tokenizer = BertTokenizer.load(MODEL.resolve("tokenizer.json"))) {
            for (JsonNode golden : GOLDENS) {
                String prompt = golden.get("prompt").stringValue();
                assertThat(tokenizer.encode(prompt, 35))
                        .as(prompt)
                        .containsExactly(golden.get("ids")
                                .valueStream()
                                .mapToLong(JsonNode::longValue)
                                .toArray());
            }
        }
    }

    @Test
    void anItemsScoreDoesNotDependOnItsBatch() {
        List<ScoreItem> backwards = new ArrayList<>(ITEMS);
        Collections.reverse(backwards);
        List<Double> scores = scores("float32", 60, backwards);
        Collections.reverse(scores);
        assertThat(scores).isEqualTo(scores("float32", 1, ITEMS));
    }

    @Test
    void computesInHalfPrecision() {
        List<Double> scores = scores("bfloat16", 8, ITEMS);
        for (int i = 0; i < scores.size(); i++) {
            double expected = GOLDENS.get(i).get("score").doubleValue();
            assertThat(scores.get(i)).as("image %d", i).isCloseTo(expected, within(0.1));
        }
    }

    @Test
    void describesItself(@TempDir Path folder) throws IOException {
        ScorerDescription description = describe(MODEL);
        assertThat(description.getScorerId()).isEqualTo("image-reward");
        assertThat(description.getVersion()).startsWith("1+float32.weights-");
        assertThat(description.getWeightsSha256().size()).isEqualTo(32);
        assertThat(description.getInputsList())
                .containsExactly(ScorerInput.SCORER_INPUT_IMAGE, ScorerInput.SCORER_INPUT_PROMPT);
        assertThat(description.getDeterministic()).isTrue();
        assertThat(description.hasRangeMin() || description.hasRangeMax()).isFalse();
        Path moved = copy(folder.resolve("elsewhere"));
        assertThat(describe(moved)).isEqualTo(description);
        Files.writeString(moved.resolve("tokenizer.json"), Files.readString(moved.resolve("tokenizer.json")) + "\n");
        assertThat(describe(moved).getVersion()).isNotEqualTo(description.getVersion());
    }

    @Test
    void withoutItsFilesOneLineNamesThem(@TempDir Path folder) throws IOException {
        refused(
                null,
                "flowguard.reward.image-reward.model is not set",
                "config.json, model.safetensors, tokenizer.json");
        Files.copy(MODEL.resolve("config.json"), folder.resolve("config.json"));
        refused(
                folder,
                "missing " + folder.resolve("model.safetensors") + ", " + folder.resolve("tokenizer.json") + ";",
                "convert_image_reward.py",
                "ImageReward-v1.0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "config.json | \"image-reward\" | \"clip\" | model_type is 'clip'",
                "config.json | \"patch_size\": 8 | \"patch_size\": 7 | vision_config.image_size is no multiple",
                "config.json | \"num_attention_heads\": 2 | \"num_attention_heads\": 5 | text_config.hidden_size is no multiple",
                "config.json | \"vocab_size\": 111 | \"vocab_size\": 110 | word_embeddings",
                "config.json | \"head_sizes\": [ | \"head_sizes\": [ 3, | head_sizes must have four widths",
                "tokenizer.json | \"WordPiece\" | \"Unigram\" | model is no WordPiece vocabulary",
                "tokenizer.json | \"id\": 110 | \"id\": 111 | take the tokenizer that belongs to it",
            })
    void refusesWhatDoesNotBelongTogether(
            String file, String original, String changed, String complaint, @TempDir Path folder) throws IOException {
        Path broken = copy(folder.resolve("broken"));
        String content = Files.readString(MODEL.resolve(file));
        assertThat(content).contains(original);
        Files.writeString(broken.resolve(file), content.replace(original, changed));
        refused(broken, "flowguard.reward.image-reward: ", complaint);
    }

    private static void refused(@Nullable Path model, String... parts) {
        assertThatThrownBy(() -> ImageRewardScorer.open(new ImageRewardProperties(model, "cpu", "float32")))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    private static ScorerDescription describe(Path model) {
        try (ImageRewardScorer scorer = ImageRewardScorer.open(new ImageRewardProperties(model, "cpu", "float32"))) {
            return scorer.description();
        }
    }

    private static List<Double> scores(String dtype, int size, List<ScoreItem> items) {
        List<Double> scores = new ArrayList<>();
        try (ImageRewardScorer scorer = ImageRewardScorer.open(new ImageRewardProperties(MODEL, "cpu", dtype));
                ScorerWorker worker = scorer.newWorker()) {
            for (int from = 0; from < items.size(); from += size) {
                for (ScoreOutcome outcome :
                        worker.scoreBatch(items.subList(from, Math.min(items.size(), from + size)))) {
                    scores.add(((ScoreOutcome.Scored) outcome).value());
                }
            }
        }
        return scores;
    }

    private static Path copy(Path target) throws IOException {
        Files.createDirectory(target);
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(MODEL.resolve(name), target.resolve(name));
        }
        return target;
    }

    private static List<JsonNode> goldens() {
        List<JsonNode> goldens = new ArrayList<>();
        new JsonMapper().readTree(MODEL.resolve("rewards.json")).forEach(goldens::add);
        return goldens;
    }
}
