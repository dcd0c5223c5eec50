package dev.flowguard.cli.sample;

import dev.flowguard.grpo.OdeKernel;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.TrajectorySampler;
import dev.flowguard.models.FlowPipeline;
import dev.flowguard.models.GuidedVelocity;
import dev.flowguard.models.NoiseRange;
import dev.flowguard.models.PngImage;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Draws pictures by the ODE from noise that depends on the seed alone, batch by batch. */
final class Painter {

    /**
     * One picture to draw.
     *
     * @param prompt what it shall show
     * @param seed of its initial noise
     */
    record Order(String prompt, long seed) {}

    /** Hears of every picture as soon as it is there, and of every step before. */
    interface Listener {
        void step();

        void finished(Order order, byte[] png);
    }

    private final FlowPipeline pipeline;
    private final SampleSettings settings;
    private final TrajectorySampler sampler;

    Painter(FlowPipeline pipeline, SampleSettings settings) {
        this.pipeline = pipeline;
        this.settings = settings;
        NoiseRange range = pipeline.noiseRange(settings.steps(), settings.height(), settings.width(), settings.shift());
        this.sampler = new TrajectorySampler(
                SigmaSchedule.shifted(settings.steps(), range.lowest(), range.shift()), new OdeKernel());
    }

    void draw(List<Order> orders, Listener listener) {
        for (int first = 0; first < orders.size(); first += settings.batch()) {
            List<Order> batch = orders.subList(first, Math.min(orders.size(), first + settings.batch()));
            List<byte[]> images = Compute.on(pipeline.device()).inference(() -> drawTogether(batch, listener));
            for (int i = 0; i < batch.size(); i++) {
                listener.finished(batch.get(i), images.get(i));
            }
        }
    }

    private List<byte[]> drawTogether(List<Order> batch, Listener listener) {
        GuidedVelocity velocity =
                GuidedVelocity.of(pipeline, batch.stream().map(Order::prompt).toList(), settings.guidance());
        Tensor noise = TrajectorySampler.initialLatents(
                pipeline.device(),
                batch.stream().map(Order::seed).toList(),
                pipeline.latentShape(settings.height(), settings.width()));
        Tensor latents = sampler.sample(
                        (x, sigma) -> {
                            listener.step();
                            return velocity.velocity(x, sigma);
                        },
                        noise,
                        List.of(),
                        List.of())
                .finalLatents();
        if (!latents.allFinite()) {
            throw new InputException("the model draws latents that are not finite: is its type wide enough, and the"
                    + " adapter's scale small enough?");
        }
        List<byte[]> images = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            Tensor image = pipeline.decode(latents.slice(0, i, i + 1)).squeeze(0);
            images.add(PngImage.encode(
                    image, settings.texts(batch.get(i).prompt(), batch.get(i).seed())));
        }
        return images;
    }
}
