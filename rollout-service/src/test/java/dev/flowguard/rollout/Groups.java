package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.AdapterSettings;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Sampling;
import dev.flowguard.proto.v1.Transition;
import dev.flowguard.proto.v1.TransitionKernel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Small groups for tests: two members, one stochastic step, latents of one channel and four pixels. */
final class Groups {

    static final int MEMBERS = 2;

    private Groups() {}

    static Lease.Builder lease(long id) {
        return Lease.newBuilder()
                .setLeaseId(id)
                .setGroupId(100 + id)
                .setPurpose(Purpose.PURPOSE_TRAINING)
                .setPolicyVersion(1)
                .addStochasticSteps(0)
                .addMembers(MemberSpec.newBuilder().setPrompt("CAT").setInitialNoiseSeed(7))
                .addMembers(MemberSpec.newBuilder().setPrompt("CAT").setInitialNoiseSeed(8));
    }

    static SampledGroup sampled() {
        return sampled(IntStream.range(0, MEMBERS).mapToObj(Groups::image).toList());
    }

    static SampledGroup sampled(List<DrawnImage> images) {
        return new SampledGroup(
                List.of(1L, 2L, 2L),
                List.of(row(0), row(1), row(2), row(3)),
                List.of(row(4), row(5)),
                List.of(List.of(transition(0)), List.of(transition(1))),
                images,
                List.of(row(6), row(7)),
                java.time.Duration.ofMillis(30),
                java.time.Duration.ofMillis(20));
    }

    private static Transition transition(int member) {
        return Transition.newBuilder()
                .setStep(0)
                .setFromLatent(member)
                .setToLatent(MEMBERS + member)
                .setMean(member)
                .build();
    }

    static ByteString row(int value) {
        byte[] bytes = new byte[16];
        Arrays.fill(bytes, (byte) value);
        return ByteString.copyFrom(bytes);
    }

    static DrawnImage image(int member) {
        byte[] samples = new byte[2 * 2 * 3];
        Arrays.fill(samples, (byte) member);
        return new DrawnImage(new RgbImage(2, 2, samples));
    }

    static RewardEndpoint.Builder reward(String target) {
        return RewardEndpoint.newBuilder()
                .setName("ocr")
                .setTarget(target)
                .setScorerId("ocr")
                .setDeadline(Duration.newBuilder().setSeconds(10))
                .setTrain(true);
    }

    static RunSettings.Builder settings(String rewardTarget) {
        return RunSettings.newBuilder()
                .setRunId("test-run")
                .setHeight(8)
                .setWidth(8)
                .setGuidanceScale(1)
                .setTrueCfgScale(1)
                .setAdapter(AdapterSettings.newBuilder().setRank(2).setAlpha(4).addTargetModules("attn.to_q"))
                .setSampling(sampling()
                        .setKernel(TransitionKernel.newBuilder()
                                .setName("flow-sde")
                                .setNoiseLevel(.7)))
                .setEvaluation(sampling())
                .addRewards(reward(rewardTarget));
    }

    private static Sampling.Builder sampling() {
        List<Double> sigmas = List.of(1.0, .5, 0.0);
        return Sampling.newBuilder().addAllSigmas(sigmas).setSigmasSha256(RunCheck.digest(sigmas));
    }
}
