package dev.flowguard.cli.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WordWorldTest {

    private final Random random = new Random(1);

    @Test
    void drawsDarkInkOnWhiteInThreeEqualChannels() {
        float[] sign = new WordWorld().draw("HEAT", random);

        int plane = WordWorld.HEIGHT * WordWorld.WIDTH;
        assertThat(sign).hasSize(3 * plane);
        int ink = 0;
        for (int i = 0; i < plane; i++) {
            assertThat(sign[i]).isBetween(-1f, 1f).isEqualTo(sign[plane + i]).isEqualTo(sign[2 * plane + i]);
            ink += sign[i] < 0 ? 1 : 0;
        }
        assertThat(sign[0]).as("the corner is paper").isEqualTo(1);
        assertThat(ink).as("pixels of ink").isBetween(plane / 10, plane / 2);
    }

    @Test
    void wordsAreOfTheAlphabetAndNeverHeldOut() {
        Set<String> heldOut = new HashSet<>();
        for (int i = 0; i < 2_000; i++) {
            heldOut.add(WordWorld.randomWord(random, Set.of()));
        }
        for (int i = 0; i < 2_000; i++) {
            assertThat(WordWorld.randomWord(random, heldOut))
                    .matches("[" + WordWorld.ALPHABET + "]{4}")
                    .isNotIn(heldOut);
        }
    }

    @Test
    void carelessCaptionsAreWrongAsOftenAsAsked() {
        int wrong = 0;
        int letters = 0;
        for (int i = 0; i < 5_000; i++) {
            String caption = WordWorld.careless("HEAT", .5, random);
            for (int j = 0; j < 4; j++) {
                wrong += caption.charAt(j) == "HEAT".charAt(j) ? 0 : 1;
                letters++;
            }
        }
        // A random letter is the right one once in 16 times.
        assertThat((double) wrong / letters).isBetween(.45, .49);
        assertThat(WordWorld.careless("HEAT", 0, random)).isEqualTo("HEAT");
    }

    @Test
    void aBatchDependsOnItsNumberAlone() {
        Signs.Batch first = new Signs(Set.of(), 3).batch(7, 4);
        Signs again = new Signs(Set.of(), 3);
        again.batch(6, 4);

        assertThat(again.batch(7, 4).words()).isEqualTo(first.words());
        assertThat(again.batch(8, 4).words()).isNotEqualTo(first.words());
    }
}
