package dev.flowguard.reward.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScoreOutcome.Failed;
import dev.flowguard.reward.ScoreOutcome.Invalid;
import dev.flowguard.reward.ScoreOutcome.Scored;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class HttpAnswerTest {

    @Test
    void resultsComeInAnyOrder() throws EndpointException {
        assertThat(read(4, """
                        {"version": "7", "elapsed": 3, "results": [
                          {"id": 3, "failed": "out of memory\\nat line 3"},
                          {"id": 1, "score": 2, "notes": {"seen": "EXIT", "boxes": [1, 2]}},
                          {"id": 2, "invalid": "no target"},
                          {"id": 0, "score": -0.25}]}"""))
                .containsExactly(
                        new Scored(-0.25, Map.of()),
                        new Scored(2, Map.of("seen", "EXIT", "boxes", "[1,2]")),
                        new Invalid("no target"),
                        new Failed("out of memory"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Not there.
                "{\"id\": 1, \"score\": 1}",
                // Twice, once with the same score.
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"score\": 1}, {\"id\": 0, \"score\": 1}",
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"score\": 1}, {\"id\": 0, \"invalid\": \"x\"}",
                // Not a number.
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"score\": null}",
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"score\": \"0.5\"}",
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"score\": true}",
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"score\": [0.5]}",
                "{\"id\": 1, \"score\": 1}, {\"id\": 0}",
                // Two things at once.
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"score\": 0.5, \"failed\": \"no\"}",
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"invalid\": \"no\", \"failed\": \"no\"}",
                "{\"id\": 1, \"score\": 1}, {\"id\": 0, \"invalid\": 3}"
            })
    void aBadResultFailsItsItemAlone(String results) throws EndpointException {
        List<ScoreOutcome> outcomes = read(2, "{\"results\": [" + results + "]}");
        assertThat(outcomes.get(0)).isInstanceOf(Failed.class);
        assertThat(outcomes.get(1)).isEqualTo(new Scored(1, Map.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                                                | results",
                "<html>503</html>                                  | not JSON",
                "{\"results\": [{\"id\": 0, \"score\": NaN}]}      | not JSON",
                "{\"results\": [{\"id\": 0, \"score\": 1}          | not JSON",
                "{\"results\": {\"0\": 1}}                         | no array",
                "[0.5, 0.5]                                        | no array",
                "{\"scores\": [0.5, 0.5]}                          | no array",
                "{\"results\": [{\"id\": 2, \"score\": 1}]}        | not asked for: id 2",
                "{\"results\": [{\"id\": -1, \"score\": 1}]}       | not asked for: id -1",
                "{\"results\": [{\"id\": \"0\", \"score\": 1}]}    | not asked for: id \"0\"",
                "{\"results\": [{\"score\": 1}, {\"score\": 2}]}   | not asked for",
                "{\"results\": [0.5, 0.5]}                         | not asked for",
                "{\"version\": \"8\", \"results\": []}             | version is \"8\" but 7"
            })
    void anAnswerThatMakesNoSenseCountsForNothing(String body, String message) {
        assertThatThrownBy(() -> read(2, body))
                .isInstanceOf(EndpointException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aNumberThatNoDoubleHoldsIsNotFinite() throws EndpointException {
        Scored scored = (Scored)
                read(1, "{\"results\": [{\"id\": 0, \"score\": 1e999}]}").get(0);
        assertThat(new ScoreRange(null, null).check(scored)).isInstanceOf(Failed.class);
    }

    private static List<ScoreOutcome> read(int items, String body) throws EndpointException {
        return HttpAnswer.read(new JsonMapper(), body.getBytes(StandardCharsets.UTF_8), items, "7");
    }
}
