package dev.flowguard.benchmarks.micro;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.ocr.OcrProperties;
import dev.flowguard.reward.ocr.OcrScorer;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The OCR reward of one image of the quickstart's size by one worker. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@State(org.openjdk.jmh.annotations.Scope.Thread)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class OcrScore {

    private static final String FACE = "/net/sf/jasperreports/fonts/dejavu/DejaVuSansMono-Bold.ttf";
    private static final String WORD = "MARK";

    private ScorerWorker worker;
    private List<ScoreItem> sign;

    @Setup
    public void draw() throws IOException, FontFormatException {
        worker = new OcrScorer(new OcrProperties(12, 3, 7, "")).newWorker();
        BufferedImage image = new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
        graphics.setColor(Color.BLACK);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        try (InputStream face = OcrScore.class.getResourceAsStream(FACE)) {
            graphics.setFont(Font.createFont(Font.TRUETYPE_FONT, face).deriveFont(24f));
        }
        graphics.drawString(WORD, 3, 25);
        graphics.dispose();
        sign = List.of(new ScoreItem(image, "a sign saying \"" + WORD + "\""));
        // A sign that cannot be read would be another, shorter job.
        if (!(worker.scoreBatch(sign).get(0) instanceof ScoreOutcome.Scored scored) || scored.value() < 1) {
            throw new IllegalStateException("the benchmark's sign is not read: " + worker.scoreBatch(sign));
        }
    }

    @Benchmark
    public List<ScoreOutcome> score() {
        return worker.scoreBatch(sign);
    }

    @TearDown
    public void close() {
        worker.close();
    }
}
