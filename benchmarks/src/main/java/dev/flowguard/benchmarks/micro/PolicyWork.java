package dev.flowguard.benchmarks.micro;

import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.StepBatch;
import dev.flowguard.grpo.TrainedMember;
import dev.flowguard.grpo.TrajectorySampler;
import dev.flowguard.grpo.Transition;
import dev.flowguard.models.Conditioning;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The two things that fill an iteration of the quickstart: a step of a group's rollout, and learning from one. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@State(org.openjdk.jmh.annotations.Scope.Thread)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 10, time = 2)
@Fork(1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class PolicyWork {

    private static final int HEIGHT = 32;
    private static final int WIDTH = 64;
    private static final int STEP = 3;

    @Param("recipes/quickstart/model")
    private String pipeline;

    @Param("12")
    private int members;

    @Param("16")
    private int rank;

    private final Preset preset = Presets.named("grpo-guard");
    private final Compute compute = Compute.on(Device.cpu());
    private StableDiffusion3Pipeline model;
    private LoraAdapter adapter;
    private Conditioning conditioning;
    private Transition transition;
    private StepBatch sampled;
    private Tensor latents;
    private List<Long> seeds;

    @Setup
    public void load() {
        model = StableDiffusion3Pipeline.load(Path.of(pipeline), Device.cpu());
        adapter = model.transformer().attachAdapter(new LoraConfig(rank, 2.0 * rank, LoraConfig.SD3_ATTENTION), 1);
        SigmaSchedule schedule = SigmaSchedule.sd3(8, model.scheduler().shift());
        transition = preset.kernel().at(schedule, STEP);
        seeds = LongStream.range(0, members).boxed().toList();
        try (Scope scope = Scope.open()) {
            conditioning = model.encode(Collections.nCopies(members, "a sign saying \"MARK\""));
            latents = TrajectorySampler.initialLatents(Device.cpu(), seeds, model.latentShape(HEIGHT, WIDTH));
            Tensor mean = transition.mean(latents, model.velocity(latents, transition.sigma(), conditioning));
            Tensor next = mean.add(
                    Noise.standardNormal(Device.cpu(), 1, 1, latents.shape()).mul(transition.s()));
            List<TrainedMember> trained = IntStream.range(0, members)
                    .mapToObj(member -> new TrainedMember(0, member, member % 2 == 0 ? 1 : -1))
                    .toList();
            sampled = new StepBatch(
                    transition, preset.stepWeight().of(preset.kernel(), schedule, STEP), trained, next, mean);
            List.of(conditioning.context(), conditioning.pooled(), latents, mean, next)
                    .forEach(Tensor::unscoped);
        }
    }

    /** One denoising step of a group: velocity, noise, next latents. */
    @Benchmark
    public double rolloutStep() {
        return compute.inference(() -> {
            Tensor mean = transition.mean(latents, model.velocity(latents, transition.sigma(), conditioning));
            Tensor noise = TrajectorySampler.initialLatents(Device.cpu(), seeds, model.latentShape(HEIGHT, WIDTH));
            return mean.add(noise.mul(transition.s())).mean().itemDouble();
        });
    }

    /** One (group, step) micro-batch: forward, GRPO-Guard's loss, backward. */
    @Benchmark
    public double trainingMicroBatch() {
        return compute.training(() -> {
            Tensor mean = transition.mean(latents, model.velocity(latents, transition.sigma(), conditioning));
            Tensor loss = preset.objective().loss(sampled, mean).averagedOver(members);
            loss.backward();
            return loss.itemDouble();
        });
    }

    @TearDown
    public void close() {
        List.of(conditioning.context(), conditioning.pooled(), latents, sampled.oldMean(), sampled.next())
                .forEach(Tensor::close);
        adapter.close();
        model.close();
    }
}
