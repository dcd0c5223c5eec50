package dev.flowguard.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.FontMetrics;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class SampleGridTest {

    private final SampleGrid grid = new SampleGrid(4);

    @Test
    void drawsEveryImageEnlargedByAWholeFactor() throws IOException {
        byte[] png = grid.draw(ExampleRun.sheet(0, .4, 3));

        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        assertThat(image.getWidth()).isEqualTo(20 + 4 * (3 * 64 + 20));
        assertThat(image.getHeight()).isEqualTo(20 + 3 * (3 * 32 + 56 + 20));
        Files.write(Path.of("target", "example-grid.png"), png);
    }

    @Test
    void captionsHaveAsManyLinesAsTheirScoresNeed() throws IOException {
        Map<String, Double> scores = new LinkedHashMap<>();
        scores.put("fidelity", .7654);
        scores.put("artefact", -.1887);
        scores.put("size", -.003843);
        scores.put("ocr", .75);
        List<Sample> samples = ExampleRun.sheet(0, .4, 3).samples().stream()
                .map(sample -> new Sample(sample.prompt(), sample.seed(), scores, Map.of(), sample.png()))
                .toList();

        byte[] png = grid.draw(new SampleSheet(0, 0, samples));

        assertThat(ImageIO.read(new ByteArrayInputStream(png)).getHeight()).isEqualTo(20 + 3 * (3 * 32 + 56 + 20));
        Files.write(Path.of("target", "example-grid-of-four-scores.png"), png);
    }

    @Test
    void linesAreFullButNotTooWide() {
        FontMetrics font = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB)
                .createGraphics()
                .getFontMetrics(BundledFont.load().deriveFont(11f));
        List<String> words = List.of("fidelity 0.77", "artefact -0.19", "size -0.00384", "ocr 0.75");

        List<String> lines = SampleGrid.wrap(words, font, 192);

        assertThat(String.join("  ", lines)).isEqualTo(String.join("  ", words));
        assertThat(lines).hasSize(2).allSatisfy(line -> assertThat(font.stringWidth(line))
                .isLessThanOrEqualTo(192));
        assertThat(SampleGrid.wrap(List.of("a-reward-of-a-very-long-name 0.25"), font, 80))
                .singleElement()
                .asString()
                .endsWith("…");
        assertThat(SampleGrid.wrap(List.of(), font, 192)).isEmpty();
    }

    @Test
    void sameSheetSamePicture() {
        assertThat(grid.draw(ExampleRun.sheet(0, .4, 3))).isEqualTo(grid.draw(ExampleRun.sheet(0, .4, 3)));
    }

    @Test
    void emptySheetIsAnEmptyPicture() throws IOException {
        byte[] png = grid.draw(new SampleSheet(0, 0, List.of()));

        assertThat(ImageIO.read(new ByteArrayInputStream(png))).isNotNull();
    }
}
