package dev.flowguard.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class SampleGridTest {

    private final SampleGrid grid = new SampleGrid(4);

    @Test
    void drawsEveryImageEnlargedByAWholeFactor() throws IOException {
        byte[] png = grid.draw(ExampleRun.sheet(0, .4, 3));

        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        assertThat(image.getWidth()).isEqualTo(20 + 4 * (3 * 64 + 20));
        assertThat(image.getHeight()).isEqualTo(20 + 3 * (3 * 32 + 40 + 20));
        Files.write(Path.of("target", "example-grid.png"), png);
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
