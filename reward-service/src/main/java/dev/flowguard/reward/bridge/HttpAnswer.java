package dev.flowguard.reward.bridge;

import dev.flowguard.reward.ScoreOutcome;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads what an endpoint answered:
 *
 * <pre>{@code
 * {"version": "3",
 *  "results": [{"id": 0, "score": 0.73, "notes": {"seen": "EXIT"}},
 *              {"id": 1, "invalid": "why this item can have no score"},
 *              {"id": 2, "failed": "why it has none now"}]}
 * }</pre>
 *
 * {@code version} and {@code notes} may be left out. Results come in any order. An item that is not answered, or answered twice, or by something else
 * than exactly one of the three, has failed; an answer to an item that was not asked for says that the endpoint confuses its requests, and
 * no result of it counts.
 */
final class HttpAnswer {

    private static final int MESSAGE_LENGTH = 500;

    private HttpAnswer() {}

    /**
     * The outcomes of {@code items} items, whose ids are 0, 1, ...
     *
     * @param expectedVersion the version that the endpoint was set up with
     */
    static List<ScoreOutcome> read(JsonMapper json, byte[] body, int items, String expectedVersion)
            throws EndpointException {
        JsonNode answer = parse(json, body);
        JsonNode version = answer.path("version");
        if (!version.isMissingNode() && !version.asString("").equals(expectedVersion)) {
            throw new EndpointException(
                    "the endpoint's version is %s but %s was set up: scores of two versions must not be mixed; set score.version and restart"
                            .formatted(version, expectedVersion));
        }
        JsonNode results = answer.path("results");
        if (!results.isArray()) {
            throw new EndpointException("the endpoint's answer has no array \"results\"");
        }
        @Nullable ScoreOutcome[] outcomes = new ScoreOutcome[items];
        for (JsonNode result : results) {
            JsonNode id = result.path("id");
            if (!id.isInt() || id.intValue() < 0 || id.intValue() >= items) {
                throw new EndpointException("the endpoint answered an item that it was not asked for: id %s of %d items"
                        .formatted(id, items));
            }
            int item = id.intValue();
            outcomes[item] = outcomes[item] == null
                    ? outcome(result)
                    : new ScoreOutcome.Failed("the endpoint answered the item twice");
        }
        return Arrays.stream(outcomes)
                .<ScoreOutcome>map(outcome ->
                        outcome != null ? outcome : new ScoreOutcome.Failed("the endpoint did not answer the item"))
                .toList();
    }

    private static JsonNode parse(JsonMapper json, byte[] body) throws EndpointException {
        try {
            return json.readTree(body);
        } catch (JacksonException e) {
            throw new EndpointException("the endpoint's answer is not JSON: " + oneLine(e.getOriginalMessage()), e);
        }
    }

    private static ScoreOutcome outcome(JsonNode result) {
        JsonNode score = result.path("score");
        JsonNode invalid = result.path("invalid");
        JsonNode failed = result.path("failed");
        if (score.isNumber() && invalid.isMissingNode() && failed.isMissingNode()) {
            return new ScoreOutcome.Scored(score.doubleValue(), notes(result.path("notes")));
        }
        if (score.isMissingNode() && invalid.isString() && failed.isMissingNode()) {
            return new ScoreOutcome.Invalid(oneLine(invalid.stringValue()));
        }
        if (score.isMissingNode() && invalid.isMissingNode() && failed.isString()) {
            return new ScoreOutcome.Failed(oneLine(failed.stringValue()));
        }
        return new ScoreOutcome.Failed(
                "the endpoint's result must hold a number \"score\", or a text \"invalid\" or \"failed\", and one of them alone");
    }

    private static Map<String, String> notes(JsonNode notes) {
        Map<String, String> read = new LinkedHashMap<>();
        notes.forEachEntry((name, note) -> read.put(name, note.isString() ? note.stringValue() : note.toString()));
        return read;
    }

    /** The first line of a text that the endpoint wrote, and not too much of it. */
    static String oneLine(@Nullable String text) {
        String line = text == null ? "" : text.lines().findFirst().orElse("");
        return line.length() <= MESSAGE_LENGTH ? line : line.substring(0, MESSAGE_LENGTH);
    }
}
