package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.flowguard.grpo.FlowSde;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.models.PngImage;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.TensorDigest;
import dev.flowguard.proto.v1.Transition;
import dev.flowguard.rollout.TinyPipeline.Announced;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sampler over a real, tiny diffusers pipeline. */
class PipelineSamplerTest {

    private static final List<Double> SIGMAS = List.of(1.0, .75, .5, .25, 0.0);

    private final Path folder;
    private final RunSettings.Builder settings;
    private final PipelineSamplerLoader loader = new PipelineSamplerLoader(Device.cpu());
    private GroupSampler sampler;

    PipelineSamplerTest(@TempDir Path folder) {
        this.folder = folder;
        this.settings = TinyPipeline.write(folder);
        settings.getSamplingBuilder().clearSigmas().addAllSigmas(SIGMAS).setSigmasSha256(RunCheck.digest(SIGMAS));
        this.sampler = loader.load(settings.build());
    }

    @BeforeEach
    void bindAPolicyThatDoesSomething() {
        bind(1, .1);
    }

    @AfterEach
    void close() {
        sampler.close();
    }

    // ------------------------------------------------------------------------------------------------------ sampling

    @Test
    void eachStochasticStepIsItsMeanAndTheMembersOwnNoise() {
        SampledGroup group = sample(lease(0, 1));

        FlowSde kernel = new FlowSde(.7);
        SigmaSchedule schedule = SigmaSchedule.of(1, .75, .5, .25, 0);
        for (int member = 0; member < 2; member++) {
            for (Transition transition : group.transitions().get(member)) {
                double s = kernel.at(schedule, transition.getStep()).s();
                float[] next = floats(group.latents().get(transition.getToLatent()));
                float[] mean = floats(group.means().get(transition.getMean()));
                float[] noise = Noise.standardNormal(20 + member, transition.getStep(), next.length);
                for (int i = 0; i < next.length; i++) {
                    assertThat(next[i]).isEqualTo(mean[i] + (float) s * noise[i], within());
                }
            }
        }
    }

    @Test
    void beginsWithTheMembersOwnInitialNoise() {
        SampledGroup group = sample(lease(0));

        int row = group.transitions().get(1).get(0).getFromLatent();
        float[] first = floats(group.latents().get(row));
        assertThat(first).isEqualTo(Noise.standardNormal(11, 0, first.length));
    }

    @Test
    void aLatentThatTwoStepsShareTravelsOnce() {
        SampledGroup consecutive = sample(lease(0, 1, 2));
        SampledGroup apart = sample(lease(0, 2));

        assertThat(consecutive.latents()).hasSize(4 * 2);
        assertThat(consecutive.means()).hasSize(3 * 2);
        List<Transition> second = consecutive.transitions().get(1);
        assertThat(second.get(1).getFromLatent()).isEqualTo(second.get(0).getToLatent());
        assertThat(second).extracting(Transition::getStep).containsExactly(0, 1, 2);
        assertThat(apart.latents()).hasSize(4 * 2);
        assertThat(apart.means()).hasSize(2 * 2);
    }

    @Test
    void branchesShareTheirMainPathAndItTravelsOnce() {
        Lease.Builder tree = lease();
        for (int branch = 0; branch < 4; branch++) {
            tree.addMembers(member(0).setTransitionNoiseSeed(50 + branch).addStochasticSteps(branch / 2));
        }
        tree.removeMembers(0).removeMembers(0);

        SampledGroup group = sample(tree);

        // At each of two steps: the main path's latents once, and where each of two branches went.
        assertThat(group.latents()).hasSize(2 * (1 + 2));
        assertThat(group.means()).hasSize(2);
        assertThat(group.images()).hasSize(4);
        assertThat(group.transitions()).allSatisfy(steps -> assertThat(steps).hasSize(1));
        List<Transition> branches =
                group.transitions().stream().map(steps -> steps.get(0)).toList();
        assertThat(branches).extracting(Transition::getStep).containsExactly(0, 0, 1, 1);
        assertThat(branches.get(0).getFromLatent()).isEqualTo(branches.get(1).getFromLatent());
        assertThat(branches.get(0).getMean()).isEqualTo(branches.get(1).getMean());
        assertThat(branches).extracting(Transition::getToLatent).doesNotHaveDuplicates();
    }

    @Test
    void onlyTrainedStepsTravel() {
        SampledGroup group = sample(lease(0, 1, 2).addTrainedSteps(1));

        assertThat(group.transitions()).allSatisfy(steps -> assertThat(steps)
                .singleElement()
                .satisfies(transition -> assertThat(transition.getStep()).isEqualTo(1)));
        assertThat(group.means()).hasSize(2);
        assertThat(group.latents()).hasSize(2 * 2);
    }

    @Test
    void theSameLeaseDrawsTheSameGroup() {
        SampledGroup first = sample(lease(0, 1));
        SampledGroup again = sample(lease(0, 1));

        assertThat(again.latents()).isEqualTo(first.latents());
        assertThat(again.means()).isEqualTo(first.means());
        assertThat(pixels(again)).isEqualTo(pixels(first));
        assertThat(again.finalLatents()).isEqualTo(first.finalLatents());
    }

    @Test
    void anEvaluationIsAnOdeOverItsOwnScheduleWithManyPrompts() {
        Lease.Builder evaluation =
                lease().setPurpose(Purpose.PURPOSE_EVALUATION).clearMembers();
        for (int i = 0; i < 11; i++) {
            evaluation.addMembers(MemberSpec.newBuilder()
                    .setPrompt(i % 2 == 0 ? "a sign" : "saying cat")
                    .setInitialNoiseSeed(i));
        }
        AtomicInteger steps = new AtomicInteger();

        SampledGroup group = sampler.sample(evaluation.build(), steps::incrementAndGet);

        assertThat(steps).hasValue(2);
        assertThat(group.latents()).isEmpty();
        assertThat(group.means()).isEmpty();
        assertThat(group.images()).hasSize(11);
        byte[] png = group.images().get(10).png().getData().toByteArray();
        long[] shape = Compute.on(Device.cpu())
                .inference(() -> PngImage.decode(Device.cpu(), png).shape());
        assertThat(shape).containsExactly(3, 8, 8);
    }

    @Test
    void guidanceSteersAwayFromTheNegativePrompt() {
        SampledGroup plain = sample(lease(0));
        reload(settings.setGuidanceScale(4).setNegativePrompt("saying"));
        SampledGroup guided = sample(lease(0));
        reload(settings.setNegativePrompt("a sign"));
        SampledGroup guidedFromItself = sample(lease(0));

        float[] without = floats(plain.means().get(0));
        assertThat(floats(guided.means().get(0))).isNotEqualTo(without);
        float[] same = floats(guidedFromItself.means().get(0));
        for (int i = 0; i < same.length; i++) {
            assertThat(same[i]).isEqualTo(without[i], within());
        }
    }

    @Test
    void membersOfDifferentMicroBatchesAreDrawnApart() {
        Lease.Builder three = lease(0, 1);
        three.addMembers(three.getMembers(0).toBuilder().setInitialNoiseSeed(99));
        SampledGroup together = sample(three);
        reload(settings.setMicroBatchSize(2));
        SampledGroup apart = sample(three);
        SampledGroup firstTwo = sample(lease(0, 1));

        assertThat(apart.means()).hasSameSizeAs(together.means());
        for (int row = 0; row < apart.means().size(); row++) {
            float[] values = floats(apart.means().get(row));
            assertThat(values).containsExactly(floats(together.means().get(row)), within());
        }
        // To the last bit what a group of these two is: the learner computes it in the same geometry.
        assertThat(apart.means().subList(0, 2)).isEqualTo(firstTwo.means().subList(0, 2));
    }

    @Test
    void stopsBeforeTheNextStepWhereNobodyWaits() {
        AtomicInteger steps = new AtomicInteger();

        assertThatThrownBy(() -> sampler.sample(lease(0).build(), () -> {
                    if (steps.incrementAndGet() == 2) {
                        throw new LeaseVoidException(1);
                    }
                }))
                .isInstanceOf(LeaseVoidException.class);
        assertThat(steps).hasValue(2);
    }

    @Test
    void doesNotScoreWhatIsNotFinite() {
        bind(2, 1e30);

        assertThatThrownBy(() -> sample(lease(0)))
                .isInstanceOf(LeaseFailedException.class)
                .hasMessage("the policy draws latents that are not finite");
    }

    // ------------------------------------------------------------------------------------------------------- binding

    @Test
    void readsBackWhatItBound() {
        Announced policy = TinyPipeline.policy(folder, 2, .2);

        assertThat(sampler.bind(policy.announcement(), policy.payload()))
                .containsExactlyInAnyOrderElementsOf(policy.announcement().getTensorsList());
        assertThat(sampler.modules()).isEqualTo(policy.announcement().getModules());
    }

    @Test
    void anotherPolicyDrawsAnotherGroup() {
        List<ByteString> before = sample(lease(0)).means();
        bind(2, .2);

        assertThat(sample(lease(0)).means()).isNotEqualTo(before);
    }

    @Test
    void keepsThePolicyWhereOneTensorIsAnother() {
        Announced policy = TinyPipeline.policy(folder, 2, .2);
        PolicyAnnouncement.Builder other = policy.announcement().toBuilder();
        String name = other.getTensors(5).getName();
        other.setTensors(5, TensorDigest.newBuilder(other.getTensors(5)).setSha256(Sha256.of(new byte[0])));

        assertRefused(other, policy.payload(), "policy 2 carries another " + name + " than announced");
    }

    @Test
    void keepsThePolicyWhereATensorIsMissing() {
        Announced policy = TinyPipeline.policy(folder, 2, .2);

        assertRefused(
                policy.announcement().toBuilder().removeTensors(0),
                policy.payload(),
                "policy 2 carries 30 tensors that are not the 29 announced");
    }

    @Test
    void keepsThePolicyWhereThePayloadIsNoSafetensors() {
        Announced policy = TinyPipeline.policy(folder, 2, .2);

        assertRefused(
                policy.announcement().toBuilder(),
                ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9}),
                "policy 2 is no safetensors file: ");
    }

    @Test
    void refusesAPolicyForOtherModules() {
        Announced policy = TinyPipeline.policy(folder, 2, .2);

        assertRefused(
                policy.announcement().toBuilder().setModules(16),
                policy.payload(),
                "policy 2 is for 16 modules, the model adapts 15");
    }

    private void assertRefused(PolicyAnnouncement.Builder announcement, ByteBuffer payload, String why) {
        List<ByteString> before = sample(lease(0)).means();

        assertThatThrownBy(() -> sampler.bind(announcement.build(), payload))
                .isInstanceOf(PolicyRefusedException.class)
                .hasMessageStartingWith(why);

        assertThat(sample(lease(0)).means()).isEqualTo(before);
    }

    // ------------------------------------------------------------------------------------------------------- loading

    @Test
    void refusesAnotherBaseModel() {
        assertThatThrownBy(() ->
                        loader.load(settings.setPipelineSha256(Groups.row(1)).build()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is another base model than the run's")
                .hasMessageContaining("01010101... is wanted");
    }

    @Test
    void refusesAnUnknownKernel() {
        settings.getSamplingBuilder().getKernelBuilder().setName("dance");

        assertThatThrownBy(() -> loader.load(settings.build()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("transition kernel 'dance' is unknown");
    }

    @Test
    void refusesASizeThatTheModelCannotDraw() {
        assertThatThrownBy(() -> loader.load(settings.setHeight(7).build())).isInstanceOf(InputException.class);
    }

    // ------------------------------------------------------------------------------------------------------- helpers

    private static List<EncodedImage> pixels(SampledGroup group) {
        return group.images().stream().map(DrawnImage::rgb8).toList();
    }

    private SampledGroup sample(Lease.Builder lease) {
        return sampler.sample(lease.build(), () -> {});
    }

    private void bind(long version, double value) {
        Announced policy = TinyPipeline.policy(folder, version, value);
        sampler.bind(policy.announcement(), policy.payload());
    }

    private void reload(RunSettings.Builder next) {
        sampler.close();
        sampler = loader.load(next.build());
        bind(1, .1);
    }

    private static Lease.Builder lease(Integer... stochasticSteps) {
        return Groups.lease(1)
                .clearMembers()
                .addMembers(member(0))
                .addMembers(member(1))
                .clearStochasticSteps()
                .addAllStochasticSteps(List.of(stochasticSteps));
    }

    private static MemberSpec.Builder member(int index) {
        return MemberSpec.newBuilder()
                .setPrompt("a sign")
                .setInitialNoiseSeed(10 + index)
                .setTransitionNoiseSeed(20 + index);
    }

    private static float[] floats(ByteString row) {
        FloatBuffer values =
                row.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float[] floats = new float[values.remaining()];
        values.get(floats);
        return floats;
    }

    private static Offset<Float> within() {
        return Offset.offset(1e-5f);
    }
}
