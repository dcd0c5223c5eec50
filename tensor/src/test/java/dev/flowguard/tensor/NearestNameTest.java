package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {

    private static final List<String> PRESETS = List.of("grpo-guard", "flow-grpo", "dance-grpo");

    @ParameterizedTest
    @CsvSource({"grpo-gaurd, grpo-guard", "flowgrpo, flow-grpo", "dance_grpo, dance-grpo", "flow-grpo, flow-grpo"})
    void isTheNameWithTheFewestTypos(String typed, String meant) {
        assertThat(NearestName.of(typed, PRESETS)).contains(meant);
    }

    @Test
    void ofEquallyNearOnesIsTheFirstInTheAlphabet() {
        assertThat(NearestName.of("b", List.of("d", "a", "c"))).contains("a");
    }

    @Test
    void isNothingWhereNothingIsKnown() {
        assertThat(NearestName.of("size", List.of())).isEmpty();
    }

    @Test
    void mayBeTooFarToBeMeant() {
        assertThat(NearestName.within(2, "grpo-gaurd", PRESETS)).contains("grpo-guard");
        assertThat(NearestName.within(1, "grpo-gaurd", PRESETS)).isEmpty();
    }
}
