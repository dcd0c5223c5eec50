package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.grpo.GroupVelocityField;
import dev.flowguard.grpo.MicroBatchedVelocity;
import dev.flowguard.grpo.Trajectory;
import dev.flowguard.grpo.TrajectorySampler;
import dev.flowguard.grpo.VelocityField;
import dev.flowguard.models.DecoderActivations;
import dev.flowguard.models.FlowPipeline;
import dev.flowguard.models.Guidance;
import dev.flowguard.models.GuidedVelocity;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.TensorDigest;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.ShutdownHold;
import dev.flowguard.tensor.Tensor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Draws groups with a diffusers pipeline and a LoRA adapter: {@link #draw} is the sampling of a group. Each group is drawn
 * as a whole under the device's {@link Compute} lock, in the micro-batches in which the learner recomputes it.
 */
final class PipelineSampler implements GroupSampler {

    private final RunSettings settings;
    private final FlowPipeline pipeline;
    private final LoraAdapter adapter;
    private final TrajectorySampler training;
    private final TrajectorySampler evaluation;
    private final Compute compute;
    private final Guidance guidance;

    /** A worker that is told to stop still draws what it holds. */
    private final ShutdownHold hold = ShutdownHold.open();

    /**
     * @param pipeline owned from now on
     * @param adapter attached to the pipeline's transformer; owned from now on
     * @param training walks the run's schedule with its kernel
     * @param evaluation walks the evaluation schedule
     */
    PipelineSampler(
            RunSettings settings,
            FlowPipeline pipeline,
            LoraAdapter adapter,
            TrajectorySampler training,
            TrajectorySampler evaluation) {
        this.settings = settings;
        this.pipeline = pipeline;
        this.adapter = adapter;
        this.training = training;
        this.evaluation = evaluation;
        this.compute = Compute.on(pipeline.device());
        this.guidance =
                new Guidance(settings.getGuidanceScale(), settings.getTrueCfgScale(), settings.getNegativePrompt());
    }

    @Override
    public SampledGroup sample(Lease lease, Runnable stillWanted) {
        return compute.inference(() -> draw(lease, stillWanted));
    }

    private SampledGroup draw(Lease lease, Runnable stillWanted) {
        long begin = System.nanoTime();
        LeasedPaths paths = LeasedPaths.of(lease);
        Tensor noise = TrajectorySampler.initialLatents(pipeline.device(), paths.seeds(), latentShape());
        Trajectory trajectory = sampler(lease)
                .sample(
                        policy(paths, stillWanted),
                        noise,
                        paths.layout(),
                        lease.getMembersList().stream()
                                .map(MemberSpec::getTransitionNoiseSeed)
                                .toList());
        TrajectoryTables tables = TrajectoryTables.of(trajectory.stochasticSteps(), lease.getMembersCount());
        Tensor latents = requireFinite(trajectory.finalLatents());
        List<ByteString> finalLatents = TrajectoryTables.rows(latents);
        long sampled = System.nanoTime();
        List<DrawnImage> images = decode(latents);
        long decoded = System.nanoTime();
        return new SampledGroup(
                Arrays.stream(latentShape()).boxed().toList(),
                tables.latents(),
                tables.means(),
                tables.transitions(),
                images,
                finalLatents,
                Duration.ofNanos(sampled - begin),
                Duration.ofNanos(decoded - sampled));
    }

    /** Where every origin has one row, as in all steps of members that share nothing, the prompts are bound once. */
    private GroupVelocityField policy(LeasedPaths paths, Runnable stillWanted) {
        List<Integer> each = IntStream.range(0, paths.origins().size()).boxed().toList();
        VelocityField ofEach = bound(paths.prompts(each));
        return (latents, sigma, origins) -> {
            stillWanted.run();
            VelocityField policy = origins.equals(each) ? ofEach : bound(paths.prompts(origins));
            return policy.velocity(latents, sigma);
        };
    }

    /** In the micro-batches in which the learner will compute it once more. */
    private VelocityField bound(List<String> prompts) {
        int size = settings.getMicroBatchSize() == 0 ? prompts.size() : settings.getMicroBatchSize();
        List<VelocityField> parts = new ArrayList<>();
        for (MicroBatchedVelocity.Range range : MicroBatchedVelocity.ranges(prompts.size(), size)) {
            List<String> part = prompts.subList(range.from(), range.to());
            parts.add(GuidedVelocity.of(pipeline, part, guidance)::velocity);
        }
        return new MicroBatchedVelocity(parts, size);
    }

    private TrajectorySampler sampler(Lease lease) {
        return lease.getPurpose() == Purpose.PURPOSE_TRAINING ? training : evaluation;
    }

    private long[] latentShape() {
        return pipeline.latentShape(settings.getHeight(), settings.getWidth());
    }

    private List<DrawnImage> decode(Tensor latents) {
        List<DrawnImage> images = new ArrayList<>();
        long members = latents.size(0);
        int together = DecoderActivations.imagesTogether(settings.getHeight(), settings.getWidth());
        for (long first = 0; first < members; first += together) {
            try (Scope scope = Scope.open()) {
                Tensor batch = latents.slice(0, first, Math.min(members, first + together));
                for (Tensor image : pipeline.decode(batch).chunk(Math.toIntExact(batch.size(0)), 0)) {
                    images.add(new DrawnImage(RgbImage.of(image.squeeze(0))));
                }
            }
        }
        return images;
    }

    private static Tensor requireFinite(Tensor latents) {
        if (!latents.allFinite()) {
            throw LeaseFailedException.groupsFault("the policy draws latents that are not finite");
        }
        return latents;
    }

    @Override
    public List<TensorDigest> bind(PolicyAnnouncement announcement, ByteBuffer payload) {
        if (announcement.getModules() != adapter.modules()) {
            throw new PolicyRefusedException("policy " + announcement.getVersion() + " is for "
                    + Integer.toUnsignedString(announcement.getModules()) + " modules, the model adapts "
                    + adapter.modules());
        }
        return compute.inference(() -> {
            // INVARIANT: a policy is bound wholly or not at all. Everything is checked before the first value changes.
            Map<String, Tensor> tensors = AdapterWeights.decode(announcement, payload, pipeline.device());
            try {
                adapter.load(tensors);
            } catch (InputException e) {
                throw new PolicyRefusedException("policy " + announcement.getVersion() + ": " + e.getMessage());
            }
            return AdapterWeights.digests(adapter.parameters());
        });
    }

    @Override
    public int modules() {
        return adapter.modules();
    }

    @Override
    public void close() {
        adapter.close();
        pipeline.close();
        hold.close();
    }
}
