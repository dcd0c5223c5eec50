package dev.flowguard.reward.ocr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class OcrRewardTest {

    static Stream<Arguments> rule() {
        return Stream.of(
                Arguments.of("a sign \"EXIT\"", "EXIT", 1.0),
                Arguments.of("a sign \"EXIT\"", "exit", 1.0),
                Arguments.of("a sign \"EXIT\"", "  E X I T ", 1.0),
                // The target may be surrounded by garbage: the substring rule.
                Arguments.of("a sign \"EXIT\"", "no EXIT here", 1.0),
                // Spaces go before the substring is looked for.
                Arguments.of("a sign \"NO EXIT\"", "xxnoexityy", 1.0),
                Arguments.of("a sign \"EXIT\"", "EXlT", 0.75),
                Arguments.of("a sign \"EXIT\"", "EX", 0.5),
                Arguments.of("a sign \"EXIT\"", "", 0.0),
                // The distance is capped at the target's length: never negative.
                Arguments.of("a sign \"EXIT\"", "something else entirely", 0.0),
                // Garbage counts only when the target is not intact.
                Arguments.of("a sign \"EXIT\"", "EXITT", 1.0),
                Arguments.of("a sign \"EXIT\"", "EXXITT", 0.5),
                // Only the first quoted text counts.
                Arguments.of("\"A\" beside \"B\"", "a", 1.0),
                Arguments.of("\"A\" beside \"B\"", "b", 0.0),
                Arguments.of("\"A\" beside an open \"", "a", 1.0),
                // Other scripts: code points, not UTF-16 units. Three of four remain.
                Arguments.of("\"Привет\"", "ПРИВЕТ", 1.0),
                Arguments.of("\"日本語\"", "日本", 2 / 3.0),
                Arguments.of("\"😀😁😂😃\"", "😀😁😂", 0.75),
                Arguments.of("\"😀😁\"", "😁", 0.5),
                // Python lower-cases İ to two code points, and so does Java without a locale.
                Arguments.of("\"İ\"", "i", 0.5),
                // Tabs are not spaces, as in the reference.
                Arguments.of("\"A\tB\"", "AB", 2 / 3.0));
    }

    @ParameterizedTest
    @MethodSource("rule")
    void followsTheReference(String prompt, String recognised, double expected) {
        assertThat(OcrReward.forPrompt(prompt).orElseThrow().of(recognised)).isCloseTo(expected, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no quotes",
                "quoted by nothing but its last \"",
                "\"",
                "\"\"",
                "empty \"\" and then \"TEXT\"",
                "\"   \"",
                "“curly”"
            })
    void hasNoRewardWithoutATarget(String prompt) {
        assertThat(OcrReward.forPrompt(prompt)).isEmpty();
    }

    /** Two hundred cases written by {@code tools/parity/rewards/ocr_rules.py}; one without a reward is one where the reference raises. */
    @ParameterizedTest
    @MethodSource
    void equalsTheReference(GoldenCase golden) {
        Optional<OcrReward> reward = OcrReward.forPrompt(golden.prompt());
        assertThat(reward.map(rule -> rule.of(golden.recognised()))).isEqualTo(Optional.ofNullable(golden.reward()));
    }

    static List<GoldenCase> equalsTheReference() throws IOException {
        try (InputStream file = OcrRewardTest.class.getResourceAsStream("/parity/ocr-rules.json")) {
            List<GoldenCase> cases = List.of(new JsonMapper().readValue(file, GoldenCase[].class));
            assertThat(cases).hasSize(200);
            return cases;
        }
    }

    record GoldenCase(
            String prompt,
            String recognised,
            @Nullable Double reward,
            @Nullable String raises) {}

    @Test
    void doesNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("tr"));
            assertThat(OcrReward.forPrompt("\"IN\"").orElseThrow().of("in")).isEqualTo(1);
        } finally {
            Locale.setDefault(before);
        }
    }
}
