package dev.flowguard.reward.geneval;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Against Flow-GRPO's reward server, run unchanged on invented detections by {@code tools/parity/rewards/geneval.py}. */
class GenEvalGoldenTest {

    private static final JsonNode GOLDEN = read();

    @Test
    void everyJudgementIsTheReferencesToTheLastBit() {
        int cases = 0;
        for (JsonNode golden : GOLDEN.path("cases")) {
            Case it = Case.of(golden);
            GenEval.Judgement judgement = it.judge(true);
            assertThat(judgement.training())
                    .as("%s", golden)
                    .isEqualTo(golden.path("score").doubleValue());
            assertThat(judgement.benchmark())
                    .as("%s", golden)
                    .isEqualTo(golden.path("correct").booleanValue());
            assertThat(judgement.strict())
                    .as("%s", golden)
                    .isEqualTo(golden.path("strict").booleanValue());
            cases++;
        }
        assertThat(cases).isGreaterThanOrEqualTo(240);
    }

    @Test
    void withoutCompatibilityOnlyWhatLeaksOrIsNegativeDiffers() {
        int leaks = 0;
        int negative = 0;
        for (JsonNode golden : GOLDEN.path("cases")) {
            Case it = Case.of(golden);
            GenEval.Judgement own = it.judge(false);
            GenEval.Judgement reference = it.judge(true);
            assertThat(own.training()).as("%s", golden).isBetween(0., 1.);
            assertThat(own.benchmark()).isEqualTo(reference.benchmark());
            assertThat(own.strict()).isEqualTo(reference.strict());
            assertThat(own.training() == 1)
                    .as("only a strictly right image has the full score: %s", golden)
                    .isEqualTo(own.strict());
            boolean tooMany = it.request.include().stream()
                    .anyMatch(clause -> it.seen.of(clause.object()).size() > 2 * clause.count());
            boolean misplaced = own.faults().stream().anyMatch(fault -> fault.contains("but it is"));
            if (!tooMany && !misplaced) {
                assertThat(own.training()).as("%s", golden).isEqualTo(reference.training());
            } else {
                leaks += misplaced ? 1 : 0;
                negative += tooMany ? 1 : 0;
            }
        }
        assertThat(leaks).isPositive();
        assertThat(negative).isPositive();
    }

    @Test
    void aWrongPlaceCountsAsWrongOnce() {
        JsonNode leak = GOLDEN.path("cases").path(1);
        assertThat(leak.path("score").doubleValue()).isEqualTo(.75);
        assertThat(Case.of(leak).judge(false).training()).isEqualTo(2. / 3);
    }

    @Test
    void cropsAreTheReferences() throws Exception {
        BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 30; y++) {
            for (int x = 0; x < 40; x++) {
                image.setRGB(x, y, (7 * x + 3 * y) % 256 << 16 | (5 * x + 11 * y) % 256 << 8 | x * y % 256);
            }
        }
        for (JsonNode golden : GOLDEN.path("crops")) {
            JsonNode box = golden.path("box");
            Optional<Mask> mask = golden.path("masked").booleanValue()
                    ? Optional.of((x, y) -> Math.floorMod(x - y, 3) != 0)
                    : Optional.empty();
            BufferedImage crop = ObjectCrop.of(image, new Detection("dog", 1, box(box, 0), mask));
            assertThat(crop.getWidth())
                    .as("%s", golden)
                    .isEqualTo(golden.path("width").intValue());
            assertThat(crop.getHeight())
                    .as("%s", golden)
                    .isEqualTo(golden.path("height").intValue());
            assertThat(sha256(crop))
                    .as("%s", golden)
                    .isEqualTo(golden.path("sha256").stringValue());
        }
        assertThat(GOLDEN.path("crops")).hasSize(10);
    }

    /** What was asked and seen in one of the golden cases. */
    private record Case(Request request, Detections seen, Map<Detection, Colour> colours) {

        static Case of(JsonNode golden) {
            Map<Detection, Colour> colours = new HashMap<>();
            List<Detection> seen = new ArrayList<>();
            for (JsonNode row : golden.path("detections")) {
                Detection detection = new Detection(
                        row.path(0).stringValue(), row.path(1).floatValue(), box(row, 2), Optional.empty());
                seen.add(detection);
                colours.put(detection, Colour.named(row.path(6).stringValue()).orElseThrow());
            }
            Request request = parse(golden.path("metadata").toString());
            return new Case(request, Detections.of(seen, request.tag().threshold()), colours);
        }

        GenEval.Judgement judge(boolean referenceCompat) {
            return GenEval.judge(
                    request,
                    seen,
                    objects -> objects.stream()
                            .map(object -> Objects.requireNonNull(colours.get(object)))
                            .toList(),
                    referenceCompat);
        }
    }

    private static Request parse(String json) {
        try {
            return Request.parse(RequestTest.struct(json));
        } catch (UnusableMetadataException e) {
            throw new AssertionError(json, e);
        }
    }

    private static Box box(JsonNode row, int from) {
        return new Box(
                row.path(from).floatValue(),
                row.path(from + 1).floatValue(),
                row.path(from + 2).floatValue(),
                row.path(from + 3).floatValue());
    }

    private static String sha256(BufferedImage image) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int rgb = image.getRGB(x, y);
                Stream.of(rgb >> 16, rgb >> 8, rgb).forEach(sample -> digest.update(sample.byteValue()));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static JsonNode read() {
        try (InputStream data = GenEvalGoldenTest.class.getResourceAsStream("/parity/geneval.json")) {
            return JsonMapper.builder().build().readTree(Objects.requireNonNull(data));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
