package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What golden items scored when someone looked, in a file of JSON.
 *
 * @param scorers one entry a scorer
 */
record ExpectedScores(List<Scorer> scorers) {

    static final String CHECK = "expected scores";

    private static final long LARGEST_FILE = 16 << 20;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    ExpectedScores {
        scorers = List.copyOf(scorers);
    }

    /** @param weights hexadecimal SHA-256 of the weights; empty for none */
    record Scorer(String id, String version, String weights, List<Item> items) {
        Scorer {
            items = List.copyOf(items);
        }
    }

    record Item(String image, String prompt, double score) {}

    /** @throws InputException if the file is not one of these */
    static ExpectedScores read(Path file) {
        try {
            if (Files.size(file) > LARGEST_FILE) {
                throw new InputException(file + ": too large for expected scores; name a file of --write-expect");
            }
            return JSON.readValue(file.toFile(), ExpectedScores.class);
        } catch (IOException | JacksonException | NullPointerException e) {
            throw new InputException(file + ": no file of expected scores; make one with --write-expect", e);
        }
    }

    static ExpectedScores of(List<Candidate> candidates) {
        List<Scorer> scorers = new ArrayList<>();
        for (Candidate candidate : candidates) {
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < candidate.golden().size(); i++) {
                GoldenItem golden = candidate.golden().get(i);
                items.add(new Item(
                        golden.image().label(),
                        golden.prompt(),
                        candidate.scores().get(i)));
            }
            ScorerDescription description = candidate.description();
            scorers.add(new Scorer(description.getScorerId(), description.getVersion(), weights(description), items));
        }
        return new ExpectedScores(scorers);
    }

    void write(Path file) {
        AtomicFile.write(file, JSON.writeValueAsBytes(this));
    }

    /**
     * Holds a candidate's golden scores against the file.
     *
     * @param tolerance largest difference, relative to the expected score where that is above 1
     */
    Finding compare(Candidate candidate, double tolerance) throws Fault {
        ScorerDescription description = candidate.description();
        Scorer expected = scorers.stream()
                .filter(scorer -> scorer.id().equals(description.getScorerId()))
                .findFirst()
                .orElseThrow(() -> new Fault(
                        "the file has none of " + description.getScorerId(), "make it anew with --write-expect"));
        double largest = 0;
        for (int i = 0; i < candidate.golden().size(); i++) {
            GoldenItem golden = candidate.golden().get(i);
            double score = candidate.scores().get(i);
            Item item = expected.items().stream()
                    .filter(other -> other.image().equals(golden.image().label())
                            && other.prompt().equals(golden.prompt()))
                    .findFirst()
                    .orElseThrow(() -> new Fault(
                            "the file has none of the image '%s' with this prompt"
                                    .formatted(golden.image().label()),
                            "check with the prompts that the file was made with, or make it anew with --write-expect"));
            double difference = Math.abs(score - item.score()) / Math.max(1, Math.abs(item.score()));
            if (difference > tolerance) {
                throw new Fault(
                        "the image '%s' scores %s instead of %s"
                                .formatted(golden.image().label(), score, item.score()),
                        version(expected, description)
                                ? "the version is the same: change it whenever a score changes, or undo what changed it"
                                : "the file is of version %s, with weights %s"
                                        .formatted(expected.version(), expected.weights()));
            }
            largest = Math.max(largest, difference);
        }
        String text = String.format(Locale.ROOT, "the same, within %.1e", Math.max(largest, tolerance));
        return version(expected, description)
                ? Finding.ok(CHECK, text)
                : Finding.warning(
                        CHECK,
                        text + ", but the file is of version " + expected.version(),
                        "make the file anew with --write-expect");
    }

    private static boolean version(Scorer expected, ScorerDescription description) {
        return expected.version().equals(description.getVersion())
                && expected.weights().equals(weights(description));
    }

    private static String weights(ScorerDescription description) {
        return HexFormat.of().formatHex(description.getWeightsSha256().toByteArray());
    }
}
