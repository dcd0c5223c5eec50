package dev.flowguard.reward.jpeg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JpegSizeScorerTest {

    /** Sizes of the same images saved by Pillow 13.0.0 with {@code quality=95}. */
    @ParameterizedTest
    @CsvSource({
        "FLAT, 64, 32, 659", "FLAT, 33, 17, 651", "FLAT, 128, 128, 883",
        "GRADIENT, 64, 32, 1064", "GRADIENT, 33, 17, 770", "GRADIENT, 128, 128, 7647",
        "NOISE, 64, 32, 3001", "NOISE, 33, 17, 1412", "NOISE, 128, 128, 19736"
    })
    void filesHavePillowsSize(Pattern pattern, int width, int height, int bytes) {
        JpegSizeWorker worker = new JpegSizeWorker(1);
        assertThat(worker.encodedSize(pattern.draw(width, height))).isEqualTo(bytes);
        worker.close();
    }

    @Test
    void rewardsAreScaledAsInFlowGrpo() {
        BufferedImage image = Pattern.FLAT.draw(64, 32);
        assertThat(score(JpegSizeScorer.incompressibility(), image)).isCloseTo(0.659, within(1e-12));
        assertThat(score(JpegSizeScorer.compressibility(), image)).isCloseTo(-0.659 / 500, within(1e-12));
    }

    @Test
    void theRangeSaysWhichSideIsBounded() {
        assertThat(JpegSizeScorer.compressibility().description().getRangeMax()).isZero();
        assertThat(JpegSizeScorer.compressibility().description().hasRangeMin()).isFalse();
        assertThat(JpegSizeScorer.incompressibility().description().hasRangeMin())
                .isTrue();
        assertThat(JpegSizeScorer.incompressibility().description().hasRangeMax())
                .isFalse();
    }

    private static double score(JpegSizeScorer scorer, BufferedImage image) {
        try (ScorerWorker worker = scorer.newWorker()) {
            ScoreOutcome outcome =
                    worker.scoreBatch(List.of(new ScoreItem(image, ""))).get(0);
            return ((ScoreOutcome.Scored) outcome).value();
        }
    }

    enum Pattern {
        FLAT {
            @Override
            int sample(int x, int y, int channel) {
                return 200;
            }
        },
        GRADIENT {
            @Override
            int sample(int x, int y, int channel) {
                return x * 3 + y * (channel + 1);
            }
        },
        NOISE {
            @Override
            int sample(int x, int y, int channel) {
                return (x * x * 31 + y * y * 17 + x * y * (7 + channel) + channel * 91) >> 1;
            }
        };

        abstract int sample(int x, int y, int channel);

        BufferedImage draw(int width, int height) {
            BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    for (int channel = 0; channel < 3; channel++) {
                        image.getRaster().setSample(x, y, channel, sample(x, y, channel) & 255);
                    }
                }
            }
            return image;
        }
    }
}
