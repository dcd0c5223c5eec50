package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.InputException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class LoraTargetsTest {

    private static final String Q0 = "transformer_blocks.0.attn.to_q";
    private static final String Q1 = "transformer_blocks.1.attn.to_q";
    private static final String FF = "transformer_blocks.0.ff.net.2";
    private static final List<String> PATHS = List.of("proj_out", Q0, FF, Q1);

    @Test
    void namesAreWholePathsOrTheirEnds() {
        assertThat(LoraTargets.named(List.of("attn.to_q", "proj_out")).select(PATHS))
                .containsExactly("proj_out", Q0, Q1);
        assertThat(LoraTargets.named(List.of(FF)).select(PATHS)).containsExactly(FF);
        assertThatThrownBy(() -> LoraTargets.named(List.of("o_q")).select(PATHS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("o_q");
    }

    @Test
    void anExpressionMatchesWholePaths() {
        assertThat(LoraTargets.matching("transformer_blocks\\.\\d+\\.attn\\..*").select(PATHS))
                .containsExactly(Q0, Q1);
        assertThatThrownBy(() -> LoraTargets.matching("attn").select(PATHS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("attn")
                .hasMessageContaining("whole paths");
    }

    @Test
    void allLinearIsEveryLayer() {
        assertThat(LoraTargets.matching("All-Linear").select(PATHS)).isEqualTo(PATHS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "(?!x)y", "(a)\\1", "*"})
    void whatIsNoExpressionIsRefused(String expression) {
        assertThatThrownBy(() -> LoraTargets.matching(expression))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(expression);
    }

    // INVARIANT: no expression from outside takes more than linear time.
    @Test
    void anExpressionThatBacktrackingWouldNeverFinishIsHarmless() {
        List<String> paths = List.of("a".repeat(5_000) + "!");
        LoraTargets targets = LoraTargets.matching("(a+)+b|.*!");
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(10), () -> assertThat(targets.select(paths)).isEqualTo(paths));
        assertThatThrownBy(() -> LoraTargets.matching("a".repeat(20_000))).hasMessageContaining("too long");
    }

    @Test
    void jsonHoldsAListOrAString() {
        JsonMapper json = new JsonMapper();
        for (String written : List.of("[\"attn.to_q\"]", "\".*to_q\"", "\"all-linear\"")) {
            assertThat(json.writeValueAsString(json.readValue(written, LoraTargets.class)))
                    .isEqualTo(written);
        }
        assertThatThrownBy(() -> json.readValue("3", LoraTargets.class)).hasMessageContaining("target_modules");
        assertThatThrownBy(() -> json.readValue("[3]", LoraTargets.class)).hasMessageContaining("target_modules");
    }

    // The rules of PEFT's get_pattern_key: the end of a path behind a dot, and the first that matches.
    @Test
    void patternsGiveLayersTheirOwnRankAndAlpha() {
        LoraConfig config = new LoraConfig(
                4,
                8,
                LoraTargets.matching("all-linear"),
                LoraInitialization.GAUSSIAN,
                Map.of("transformer_blocks\\.1\\..*", 2, "o_q", 9),
                Map.of("attn.to_q", 3.0));
        assertThat(config.ranks(PATHS)).isEqualTo(Map.of("proj_out", 4, Q0, 4, FF, 4, Q1, 2));
        assertThat(config.alphas(PATHS)).isEqualTo(Map.of("proj_out", 8.0, Q0, 3.0, FF, 8.0, Q1, 3.0));
    }

    @Test
    void initialisationsHaveTheNamesOfPeft() {
        JsonMapper json = new JsonMapper();
        assertThat(json.readValue("\"gaussian\"", LoraInitialization.class)).isEqualTo(LoraInitialization.GAUSSIAN);
        assertThat(json.readValue("true", LoraInitialization.class)).isEqualTo(LoraInitialization.KAIMING);
        assertThat(json.writeValueAsString(LoraInitialization.KAIMING)).isEqualTo("true");
        assertThatThrownBy(() -> json.readValue("\"pissa\"", LoraInitialization.class))
                .hasMessageContaining("gaussian");
    }
}
