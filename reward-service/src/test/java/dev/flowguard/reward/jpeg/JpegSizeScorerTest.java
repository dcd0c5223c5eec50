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
import org.junit.jupiter.params.provider.CsvFileSource;

class JpegSizeScorerTest {

    /** Sizes of the same images saved by Pillow with {@code quality=95}, written by {@code tools/parity/rewards/jpeg_sizes.py}. */
    @ParameterizedTest
    @CsvFileSource(resources = "/parity/jpeg-sizes.csv")
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
        CURLS {
            @Override
            int sample(int x, int y, int channel) {
                return (x * x * 31 + y * y * 17 + x * y * (7 + channel) + channel * 91) >> 1;
            }
        },
        NOISE {
            @Override
            int sample(int x, int y, int channel) {
                int hash = x * 374761393 + y * 668265263 + channel * 974711;
                hash = (hash ^ (hash >>> 13)) * 1274126177;
                return (hash ^ (hash >>> 16)) & 255;
            }
        },
        SIGNS {
            @Override
            int sample(int x, int y, int channel) {
                boolean stroke = (x / 5 * 7 + y / 9 * 13) % 11 < 4 && y % 24 > 6;
                return stroke ? 20 + 9 * channel : 235 - 30 * channel;
            }
        },
        PHOTO {
            @Override
            int sample(int x, int y, int channel) {
                int wave = Math.abs((x * (3 + channel) + y * 2) % 512 - 256) / 3
                        + Math.abs((y * 5 - x + 4096) % 700 - 350) / 5;
                int disc = (x - 40) * (x - 40) + (y - 30) * (y - 30) < 900 ? 70 : 0;
                int shadow = x * 2 + y > 500 ? -40 : 0;
                return Math.max(0, Math.min(255, 40 + wave + disc + shadow + NOISE.sample(x, y, channel) / 32));
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
