package dev.flowguard.reward.geneval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.reward.clip.ClipProperties;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClipColoursTest {

    @Test
    void theNearestDescriptionIsTheColour() {
        // Each colour is an axis, and "object" pulls all of them the same way.
        FakeClip clip = new FakeClip();
        try (ClipColours colours = new ClipColours(clip)) {
            assertThat(colours.coloursOf("dog", List.of(picture(9), picture(0), picture(4))))
                    .containsExactly(Colour.WHITE, Colour.RED, Colour.BLUE);
            assertThat(clip.texts)
                    .hasSize(30)
                    .contains("a photo of a pink dog", "a photo of a pink-colored dog", "a photo of a pink object");
            colours.coloursOf("dog", List.of(picture(1)));
            assertThat(clip.texts)
                    .as("the descriptions of a class are made once")
                    .hasSize(30);
        }
    }

    /** With the random CLIP of {@code tools/parity/clip/rewards.py}: no colour is right, but each is told, and the same whatever the company. */
    @Test
    void aLoadedClipTellsTheSameColourInAnyCompany() {
        ClipProperties properties =
                new ClipProperties(Path.of("src/test/resources/parity/clip/l"), null, "cpu", "float32");
        try (ClipColours colours = ClipColours.open(properties)) {
            List<BufferedImage> pictures = List.of(picture(3), picture(200), picture(90));
            List<Colour> together = colours.coloursOf("dog", pictures);
            assertThat(together).hasSize(3);
            assertThat(pictures.stream().map(picture -> colours.coloursOf("dog", List.of(picture))
                            .get(0)))
                    .isEqualTo(together);
            assertThat(colours.sha256()).hasSize(32);
        }
    }

    private static BufferedImage picture(int red) {
        BufferedImage picture = new BufferedImage(20, 12, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 12; y++) {
            for (int x = 0; x < 20; x++) {
                picture.setRGB(x, y, red << 16);
            }
        }
        return picture;
    }

    /** Knows the colours of texts by their names and of pictures by the number that is their red. */
    private static final class FakeClip implements ClipColours.Embeddings {

        private static final List<Colour> AXES = List.of(Colour.values());

        private final List<String> texts = new ArrayList<>();

        @Override
        public float[][] ofTexts(List<String> wanted) {
            texts.addAll(wanted);
            return wanted.stream()
                    .map(text -> {
                        float[] row = new float[AXES.size() + 1];
                        for (int i = 0; i < AXES.size(); i++) {
                            row[i] = text.contains(AXES.get(i).toString()) ? .6f : 0;
                        }
                        row[AXES.size()] = .8f;
                        return row;
                    })
                    .toArray(float[][]::new);
        }

        @Override
        public float[][] ofImages(List<BufferedImage> images) {
            return images.stream()
                    .map(image -> {
                        float[] row = new float[AXES.size() + 1];
                        row[image.getRGB(0, 0) >> 16 & 0xff] = 1;
                        return row;
                    })
                    .toArray(float[][]::new);
        }

        @Override
        public byte[] sha256() {
            return new byte[32];
        }

        @Override
        public void close() {}
    }
}
