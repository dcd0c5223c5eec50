package dev.flowguard.benchmarks.eager;

import com.sun.management.OperatingSystemMXBean;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** FlowGuard, in this process. */
final class FlowGuardContestant implements Contestant {

    private final StableDiffusion3Pipeline pipeline;
    private final Map<String, Tensor> trained;
    private final TransformerBatch batch;
    private final Compute compute;
    private final OperatingSystemMXBean process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /**
     * Borrows all three.
     *
     * @param trained the parameters that get gradients, by name
     */
    FlowGuardContestant(StableDiffusion3Pipeline pipeline, Map<String, Tensor> trained, TransformerBatch batch) {
        this.pipeline = pipeline;
        this.trained = trained;
        this.batch = batch;
        this.compute = Compute.on(pipeline.device());
    }

    @Override
    public Seconds time(Context context, int passes) {
        return compute.training(() -> {
            zeroGradients();
            long cpu = process.getProcessCpuTime();
            long wall = System.nanoTime();
            for (int i = 0; i < passes; i++) {
                try (Scope scope = Scope.open()) {
                    backward(velocity(context));
                }
            }
            double perPass = 1e-9 / passes;
            return new Seconds((System.nanoTime() - wall) * perPass, (process.getProcessCpuTime() - cpu) * perPass);
        });
    }

    @Override
    public long peakBytes(Context context) {
        return ProcessMemory.peakOf(() -> time(context, 1));
    }

    @Override
    public Outcome outcome(Context context) {
        return compute.training(() -> {
            zeroGradients();
            Map<String, float[]> values = new LinkedHashMap<>();
            Tensor velocity = velocity(context);
            values.put(Outcome.LOSS, new float[] {backward(velocity)});
            values.put(Outcome.VELOCITY, velocity.toFloats());
            trained.forEach((name, parameter) -> {
                if (parameter.elementCount() <= Outcome.LARGEST) {
                    Tensor gradient = Objects.requireNonNull(parameter.gradient(), name);
                    values.put(Outcome.GRADIENT + name, gradient.toFloats());
                }
            });
            return new Outcome(values);
        });
    }

    private Tensor velocity(Context context) {
        return pipeline.transformer().velocity(batch.latents(), batch.timesteps(), batch.conditioning(context));
    }

    private float backward(Tensor velocity) {
        Tensor loss = velocity.sub(batch.target()).square().mean();
        loss.backward();
        return loss.item();
    }

    private void zeroGradients() {
        for (Tensor parameter : trained.values()) {
            if (parameter.gradient() != null) {
                parameter.zeroGradient();
            }
        }
    }

    @Override
    public void close() {
        // Owns nothing.
    }
}
