package dev.flowguard.cli.report;

import com.google.protobuf.ByteString;
import dev.flowguard.cli.report.RunDescription.ScorerFacts;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.IterationReport.GoldWatch;
import dev.flowguard.learner.output.IterationReport.Learning;
import dev.flowguard.learner.output.IterationReport.Oversight;
import dev.flowguard.learner.output.IterationReport.Spread;
import dev.flowguard.learner.output.StepRatios;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** An invented run of 120 iterations, shaped like a real one. */
final class ExampleRun {

    private static final int ITERATIONS = 120;
    private static final int STEPS = 7;
    private static final List<String> WORDS =
            List.of("CAKE", "HELP", "MUTE", "PLAY", "DUNK", "TREX", "LAMP", "NECK", "YARD", "VEXT", "RAMP", "LUTE");

    private ExampleRun() {}

    static List<IterationReport> rows() {
        Random random = new Random(7);
        List<IterationReport> rows = new ArrayList<>();
        rows.add(new IterationReport(
                0,
                0,
                6,
                Map.of(),
                Map.of("ocr", 0.46, "jpeg-compressibility", -1.63),
                Map.of(),
                Oversight.none(),
                null,
                Map.of("evaluate", 6.0)));
        for (int iteration = 1; iteration <= ITERATIONS; iteration++) {
            double progress = 1 - Math.exp(-iteration / 60.0);
            double reward = .42 + .4 * progress + .02 * random.nextGaussian();
            Map<String, Double> eval = iteration % 10 == 0
                    ? Map.of("ocr", .46 + .36 * progress, "jpeg-compressibility", -1.63 + .1 * progress)
                    : Map.of();
            rows.add(new IterationReport(
                    iteration,
                    iteration,
                    6 + iteration * 2.4,
                    Map.of("ocr", new Spread(reward, .22, 0, 1)),
                    eval,
                    Map.of(),
                    oversight(iteration, progress),
                    learning(random),
                    seconds(1 + .1 * random.nextDouble())));
        }
        return rows;
    }

    private static Oversight oversight(int iteration, double progress) {
        if (iteration % 10 != 0) {
            return Oversight.none();
        }
        boolean alarmed = iteration == 110;
        return new Oversight(
                .2 - .05 * progress,
                Map.of("jpeg-compressibility", new GoldWatch(80, -.04, .012, .03, .008, alarmed ? 3 : 0)),
                alarmed ? List.of("jpeg-compressibility") : List.of(),
                alarmed ? "alert" : null,
                null);
    }

    private static Learning learning(Random random) {
        List<StepRatios> steps = IntStream.range(0, STEPS)
                .mapToObj(step -> new StepRatios(
                        step,
                        1 - step / 8.0,
                        48,
                        1e-6 * random.nextGaussian(),
                        3e-5 / (1 + step) * (1 + .1 * random.nextGaussian()),
                        .02 + .015 * step + .01 * random.nextDouble(),
                        .03 + .012 * step + .01 * random.nextDouble(),
                        null))
                .toList();
        return new Learning(
                8, 0, 8, 0, 0, 0, 1, 0.0, .01, .8 + .1 * random.nextGaussian(), null, 1e-3, null, steps, null);
    }

    private static Map<String, Double> seconds(double scale) {
        return Map.of("sample", .9 * scale, "score", .25 * scale, "learn", 1.1 * scale, "publish", .05, "idle", .1);
    }

    static RunDescription description(RunStatus status) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("pipeline", "models/quickstart");
        settings.put("preset", "grpo-guard");
        settings.put("adapter.rank", "16");
        settings.put("adapter.target_modules", "attn.to_q, attn.to_k, attn.to_v, attn.to_out.0");
        settings.put("optimizer.learning_rate", "1e-3");
        settings.put("seed", "1");
        return new RunDescription(
                "quickstart-20261120-1",
                status,
                ITERATIONS,
                List.of(new ScorerFacts("ocr", true, 1), new ScorerFacts("jpeg-compressibility", false, 1)),
                settings,
                sheet(0, .46, 6),
                sheet(120, .82, 1));
    }

    static SampleSheet sheet(int iteration, double score, int blots) {
        List<Sample> samples = IntStream.range(0, WORDS.size())
                .mapToObj(i -> new Sample(
                        "a sign that says \"" + WORDS.get(i) + "\"",
                        1000L + i,
                        Map.of("ocr", Math.min(1, score + .02 * i), "jpeg-compressibility", -1.6),
                        Map.of("recognized", WORDS.get(i)),
                        png(WORDS.get(i), blots)))
                .toList();
        return new SampleSheet(iteration, iteration, samples);
    }

    private static ByteString png(String word, int blots) {
        Random random = new Random(word.hashCode());
        BufferedImage image = new BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, 64, 32);
        pen.setColor(Color.DARK_GRAY);
        pen.setFont(new Font(Font.MONOSPACED, Font.BOLD, 24));
        pen.drawString(word, 3, 24);
        for (int i = 0; i < blots; i++) {
            pen.fillOval(random.nextInt(60), random.nextInt(28), 5, 4);
        }
        pen.dispose();
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
            ImageIO.write(image, "png", bytes);
            return ByteString.copyFrom(bytes.toByteArray());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
