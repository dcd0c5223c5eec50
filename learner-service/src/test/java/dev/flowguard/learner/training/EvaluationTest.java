package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.GroupSpec;
import dev.flowguard.learner.coordination.MemberSeeds;
import dev.flowguard.learner.coordination.Score;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.output.KeptSample;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    private static ScoredMember member(Map<String, Double> scores) {
        Map<String, Score> given = new HashMap<>();
        scores.forEach((name, value) -> given.put(name, new Score(value, name, "1", Map.of())));
        return new ScoredMember(new MemberSeeds(Prompt.of("prompt"), 1, 0), List.of(), given, null);
    }

    private static Batch batch(ScoredMember... members) {
        List<ScoredMember> all = Arrays.asList(members);
        GroupSpec spec = new GroupSpec(
                1,
                0,
                Purpose.PURPOSE_EVALUATION,
                all.stream().map(ScoredMember::seeds).toList(),
                GroupLayout.ofChains(all.size(), List.of()),
                false);
        return new Batch(
                List.of(new ScoredGroup(
                        spec, 0, "w", List.of(), List.of(), List.of(), all, List.of(), new ScoredGroup.Times(0, 0, 0))),
                List.of());
    }

    @Test
    void aMissingScoreIsNeverAZero() {
        Batch batch = batch(member(Map.of("ocr", 1.0, "gold", .5)), member(Map.of("ocr", .5)));

        Evaluation evaluation = Evaluation.of(batch, new Evaluation.Terms(2, 1, 0), List.of("ocr", "gold"));

        assertThat(evaluation.means()).containsExactly(Map.entry("ocr", .75));
        assertThat(evaluation.missing()).containsExactly(Map.entry("gold", 1));
    }

    @Test
    void aDroppedGroupLeavesTheEvaluationIncomplete() {
        Evaluation evaluation =
                Evaluation.of(batch(member(Map.of("ocr", 1.0))), new Evaluation.Terms(3, 1, 0), List.of("ocr"));

        assertThat(evaluation.means()).isEmpty();
        assertThat(evaluation.missing()).containsExactly(Map.entry("ocr", 2));
    }

    @Test
    void severalImagesOfAPromptAreOneScoreAndHaveADiversity() {
        ByteString black = png(0);
        ByteString grey = png(51);
        Batch batch = batch(image("a", .2, black), image("a", .4, grey), image("b", .8, grey), image("b", 1, grey));

        Evaluation evaluation = Compute.on(Device.cpu())
                .inference(() -> Evaluation.of(batch, new Evaluation.Terms(2, 2, 5), List.of("ocr")));

        assertThat(evaluation.byPrompt().getOrDefault("ocr", List.of()))
                .usingElementComparator((one, other) -> Math.abs(one - other) < 1e-12 ? 0 : 1)
                .containsExactly(.3, .9);
        assertThat(evaluation.diversity()).isCloseTo(.1, within(1e-6));
        assertThat(evaluation.samples()).extracting(KeptSample::prompt).containsExactly("a", "b");
    }

    @Test
    void diversityNeedsEveryImage() {
        Batch batch = batch(image("a", .2, png(0)), member(Map.of("ocr", 1.0)));

        assertThat(Evaluation.of(batch, new Evaluation.Terms(1, 2, 5), List.of("ocr"))
                        .diversity())
                .isNull();
    }

    private static ScoredMember image(String prompt, double score, ByteString png) {
        return new ScoredMember(
                new MemberSeeds(Prompt.of(prompt), 1, 0),
                List.of(),
                Map.of("ocr", new Score(score, "ocr", "1", Map.of())),
                png);
    }

    private static ByteString png(int level) {
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 16; i++) {
            image.setRGB(i % 4, i / 4, level << 16 | level << 8 | level);
        }
        try (ByteString.Output out = ByteString.newOutput()) {
            ImageIO.write(image, "png", out);
            return out.toByteString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
