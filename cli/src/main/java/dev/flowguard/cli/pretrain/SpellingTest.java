package dev.flowguard.cli.pretrain;

import com.google.protobuf.ByteString;
import dev.flowguard.cli.report.Sample;
import dev.flowguard.grpo.FlowSde;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.Trajectory;
import dev.flowguard.grpo.TrajectorySampler;
import dev.flowguard.models.Conditioning;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;

/** Draws held-out words by ODE sampling, always from the same noise, and has them read. */
final class SpellingTest {

    static final int STEPS = 8;
    private static final double SHIFT = 3;
    private static final int DRAWINGS_PER_PROMPT = 2;
    private static final long FIRST_SEED = 1;

    /**
     * @param score mean OCR reward, in [0, 1]
     * @param samples one a prompt and seed
     */
    record Result(double score, List<Sample> samples) {}

    private final Compute compute;
    private final StableDiffusion3Pipeline pipeline;
    private final ScorerWorker reader;
    private final List<String> prompts;

    SpellingTest(Compute compute, StableDiffusion3Pipeline pipeline, ScorerWorker reader, List<String> prompts) {
        this.compute = compute;
        this.pipeline = pipeline;
        this.reader = reader;
        this.prompts = prompts;
    }

    Result run() {
        List<String> asked = new ArrayList<>();
        for (int i = 0; i < DRAWINGS_PER_PROMPT; i++) {
            asked.addAll(prompts);
        }
        float[] pixels = compute.inference(() -> draw(asked).toFloats());
        List<ScoreItem> items = new ArrayList<>();
        for (int i = 0; i < asked.size(); i++) {
            items.add(new ScoreItem(image(pixels, i), asked.get(i)));
        }
        List<ScoreOutcome> outcomes = reader.scoreBatch(items);
        List<Sample> samples = new ArrayList<>();
        double sum = 0;
        for (int i = 0; i < items.size(); i++) {
            if (!(outcomes.get(i) instanceof ScoreOutcome.Scored scored)) {
                throw new IllegalStateException("'" + asked.get(i) + "' could not be scored: " + outcomes.get(i));
            }
            sum += scored.value();
            samples.add(new Sample(
                    asked.get(i),
                    FIRST_SEED + i,
                    Map.of("ocr", scored.value()),
                    scored.notes(),
                    png(items.get(i).image())));
        }
        return new Result(sum / items.size(), samples);
    }

    private static ByteString png(BufferedImage image) {
        try (ByteString.Output bytes = ByteString.newOutput()) {
            ImageIO.write(image, "png", bytes);
            return bytes.toByteString();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot encode an image", e);
        }
    }

    /** [B, 3, H, W] in [0, 1] */
    private Tensor draw(List<String> asked) {
        // The kernel is never used: no step is stochastic.
        TrajectorySampler sampler = new TrajectorySampler(SigmaSchedule.sd3(STEPS, SHIFT), new FlowSde(0));
        List<Long> seeds =
                LongStream.range(FIRST_SEED, FIRST_SEED + asked.size()).boxed().toList();
        Tensor noise = TrajectorySampler.initialLatents(
                compute.device(), seeds, pipeline.latentShape(WordWorld.HEIGHT, WordWorld.WIDTH));
        Conditioning conditioning = pipeline.encode(asked);
        Trajectory trajectory =
                sampler.sample((x, sigma) -> pipeline.velocity(x, sigma, conditioning), noise, List.of(), seeds);
        return pipeline.decode(trajectory.finalLatents());
    }

    private static BufferedImage image(float[] pixels, int index) {
        int plane = WordWorld.HEIGHT * WordWorld.WIDTH;
        BufferedImage image = new BufferedImage(WordWorld.WIDTH, WordWorld.HEIGHT, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < plane; i++) {
            int rgb = 0;
            for (int channel = 0; channel < 3; channel++) {
                rgb = rgb << 8 | Math.round(pixels[(index * 3 + channel) * plane + i] * 255);
            }
            image.setRGB(i % WordWorld.WIDTH, i / WordWorld.WIDTH, rgb);
        }
        return image;
    }
}
