package dev.flowguard.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoreTextTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0.000",
        "0.71249, 0.712",
        "-12.5, -12.500",
        "0.1, 0.100",
        "0.0999, 0.0999",
        "-0.003117, -0.00312",
        "1e-12, 0.000000000",
        "NaN, NaN"
    })
    void showsThreeDigitsOfWhatIsSmall(double score, String text) {
        assertThat(ScoreText.of(score)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0.00",
        "0.71249, 0.71",
        "-12.5, -12.50",
        "123.46, 123.5",
        "0.0999, 0.0999",
        "-0.003843, -0.00384",
        "NaN, NaN"
    })
    void captionsAreShorterAndLoseNothingOfWhatIsSmall(double score, String text) {
        assertThat(ScoreText.brief(score)).isEqualTo(text);
    }
}
