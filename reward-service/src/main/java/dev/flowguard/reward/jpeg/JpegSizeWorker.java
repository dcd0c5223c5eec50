package dev.flowguard.reward.jpeg;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Encodes one image after the other and looks at the size. */
final class JpegSizeWorker implements ScorerWorker {

    private static final float QUALITY = 0.95f;

    private final double rewardPerByte;
    private final ImageWriter writer =
            ImageIO.getImageWritersByFormatName("jpeg").next();
    private final ImageWriteParam quality = writer.getDefaultWriteParam();

    JpegSizeWorker(double rewardPerByte) {
        this.rewardPerByte = rewardPerByte;
        quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        quality.setCompressionQuality(QUALITY);
    }

    @Override
    public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
        return items.stream().map(item -> score(item.image())).toList();
    }

    private ScoreOutcome score(BufferedImage image) {
        int size = encodedSize(image);
        return new ScoreOutcome.Scored(size * rewardPerByte, Map.of("jpeg_bytes", Integer.toString(size)));
    }

    int encodedSize(BufferedImage image) {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(jpeg)) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), quality);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot encode an image in memory", e);
        } finally {
            writer.setOutput(null);
        }
        return jpeg.size();
    }

    @Override
    public void close() {
        writer.dispose();
    }
}
