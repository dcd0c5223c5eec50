package dev.flowguard.reward.ppocr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.reward.RewardConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CtcDecoderTest {

    private final Path folder;

    CtcDecoderTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** Steps by class: - is the blank, a, b, and _ the space. */
    @ParameterizedTest
    @CsvSource({"---, ''", "a, a", "aaa, a", "a-a, aa", "-aab--b-, abb", "a_b, 'a b'", "ab_, 'ab '"})
    void collapsesRepetitionsBetweenBlanks(String steps, String text) throws IOException {
        float[][] probabilities = new float[steps.length()][4];
        for (int i = 0; i < steps.length(); i++) {
            probabilities[i]["-ab_".indexOf(steps.charAt(i))] = 1;
        }
        assertThat(decoder("a\nb\n").decode(probabilities).text()).isEqualTo(text);
    }

    @Test
    void confidenceIsTheMeanOfWhatIsKept() throws IOException {
        CtcDecoder.Text text = decoder("a\nb\n").decode(new float[][] {
            {.1f, .6f, .2f, .1f}, {0, .9f, .1f, 0}, {.9f, .1f, 0, 0}, {.1f, .1f, .8f, 0},
        });
        assertThat(text.text()).isEqualTo("ab");
        assertThat(text.confidence()).isCloseTo(.7, within(1e-6));
        assertThat(decoder("a\n").decode(new float[][] {{1, 0, 0}}).confidence())
                .isZero();
    }

    @Test
    void aDictionaryFitsWithItsSpaceOrWithout() throws IOException {
        CtcDecoder decoder = decoder("a\r\né\r\n");
        assertThat(decoder.fits(4)).isTrue();
        assertThat(decoder.fits(3)).isTrue();
        assertThat(decoder.fits(5)).isFalse();
        assertThat(decoder.decode(new float[][] {{0, 0, 1, 0}}).text()).isEqualTo("é");
    }

    @Test
    void refusesADictionaryWithoutCharacters() {
        assertThatThrownBy(() -> decoder("\n\n"))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("dictionary.txt");
        assertThatThrownBy(() -> CtcDecoder.read(folder.resolve("missing.txt")))
                .isInstanceOf(RewardConfigurationException.class);
    }

    private CtcDecoder decoder(String dictionary) throws IOException {
        return CtcDecoder.read(Files.writeString(folder.resolve("dictionary.txt"), dictionary));
    }
}
