package dev.flowguard.learner.training;

import com.google.protobuf.ByteString;
import dev.flowguard.grpo.FlowSde;
import dev.flowguard.grpo.MicroBatchedVelocity;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.StochasticStep;
import dev.flowguard.grpo.Trajectory;
import dev.flowguard.grpo.TrajectorySampler;
import dev.flowguard.grpo.VelocityField;
import dev.flowguard.learner.coordination.PolicyVersion;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.proto.v1.CoordinatorGrpc;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.Credits;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.FetchPolicyRequest;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.GroupReceipt;
import dev.flowguard.proto.v1.Hello;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberImage;
import dev.flowguard.proto.v1.MemberResult;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.MissingScores;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Sampling;
import dev.flowguard.proto.v1.Table;
import dev.flowguard.proto.v1.TableRows;
import dev.flowguard.proto.v1.TensorDigest;
import dev.flowguard.proto.v1.Transition;
import dev.flowguard.proto.v1.WorkerMessage;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Tensor;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A rollout worker with a real model and no scorers: an image's score is the mean of its final latents. It tries again until
 * the learner's doors are open.
 */
final class RolloutByHand implements AutoCloseable, StreamObserver<CoordinatorMessage> {
    private final Channel channel;
    private final Policy policy;
    private final Function<List<GroupPart>, List<GroupPart>> tamper;
    private final Compute compute = Compute.on(Device.cpu());
    private final ExecutorService engine = Executors.newSingleThreadExecutor();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable StreamObserver<WorkerMessage> toLearner;
    private @Nullable RunSettings settings;
    private @Nullable PolicyAnnouncement bound;
    private volatile boolean closed;

    RolloutByHand(Channel channel, Recipe recipe, Function<List<GroupPart>, List<GroupPart>> tamper) {
        this.channel = channel;
        this.policy = PipelinePolicy.load(recipe);
        this.tamper = tamper;
        engine.execute(this::connect);
    }

    private void connect() {
        StreamObserver<WorkerMessage> session = CoordinatorGrpc.newStub(channel).work(this);
        toLearner = session;
        session.onNext(WorkerMessage.newBuilder()
                .setHello(Hello.newBuilder().setWorkerId("by-hand").setProtocolRevision(1))
                .build());
    }

    @Override
    public void onNext(CoordinatorMessage message) {
        engine.execute(() -> handle(message));
    }

    private void handle(CoordinatorMessage message) {
        switch (message.getMessageCase()) {
            case WELCOME -> settings = message.getWelcome().getSettings();
            case POLICY_ANNOUNCEMENT -> bind(message.getPolicyAnnouncement());
            case LEASE -> submit(message.getLease());
            case RUN_ENDED -> ended.countDown();
            default -> {}
        }
    }

    private void bind(PolicyAnnouncement announcement) {
        ByteString.Output payload = ByteString.newOutput();
        CoordinatorGrpc.newBlockingStub(channel)
                .fetchPolicy(FetchPolicyRequest.newBuilder()
                        .setVersion(announcement.getVersion())
                        .build())
                .forEachRemaining(chunk -> chunk.getData().forEach(payload::write));
        List<TensorDigest> digests = compute.inference(() -> {
            Map<String, Tensor> tensors =
                    Safetensors.decode(payload.toByteString().asReadOnlyByteBuffer(), Device.cpu());
            policy.parameters().forEach((name, own) -> own.assign(Objects.requireNonNull(tensors.get(name), name)));
            return policy.parameters().entrySet().stream()
                    .map(entry -> digest(entry.getKey(), entry.getValue()))
                    .toList();
        });
        PolicyAnnouncement before = bound;
        bound = announcement;
        send(WorkerMessage.newBuilder()
                .setPolicyBound(PolicyBound.newBuilder()
                        .setVersion(announcement.getVersion())
                        .setModulesBound(policy.modules())
                        .addAllTensors(digests)));
        if (before == null) {
            send(WorkerMessage.newBuilder().setCredits(Credits.newBuilder().setCount(2)));
        }
    }

    private static TensorDigest digest(String name, Tensor tensor) {
        TensorDigest.Builder digest = TensorDigest.newBuilder()
                .setName(name)
                .setDtype(DType.DTYPE_FLOAT32)
                .setSha256(PolicyVersion.sha256(tensor.toBytes()));
        for (long size : tensor.shape()) {
            digest.addShape(size);
        }
        return digest.build();
    }

    private void submit(Lease lease) {
        List<GroupPart> parts = tamper.apply(compute.inference(() -> sample(lease)));
        StreamObserver<GroupPart> call = CoordinatorGrpc.newStub(channel).submitGroup(new StreamObserver<>() {
            @Override
            public void onNext(GroupReceipt receipt) {}

            @Override
            public void onError(Throwable cause) {}

            @Override
            public void onCompleted() {
                send(WorkerMessage.newBuilder().setCredits(Credits.newBuilder().setCount(1)));
            }
        });
        parts.forEach(call::onNext);
        call.onCompleted();
    }

    private List<GroupPart> sample(Lease lease) {
        RunSettings run = Objects.requireNonNull(settings);
        boolean training = lease.getPurpose() == Purpose.PURPOSE_TRAINING;
        Sampling sampling = training ? run.getSampling() : run.getEvaluation();
        GroupHeader.Builder header = GroupHeader.newBuilder()
                .setLeaseId(lease.getLeaseId())
                .setGroupId(lease.getGroupId())
                .setWorkerId("by-hand")
                .setPolicyVersion(lease.getPolicyVersion())
                .setAdapterSha256(Objects.requireNonNull(bound).getSha256())
                .setSigmasSha256(sampling.getSigmasSha256());
        SigmaSchedule schedule = SigmaSchedule.of(sampling.getSigmasList().stream()
                .mapToDouble(Double::doubleValue)
                .toArray());
        TrajectorySampler sampler = new TrajectorySampler(schedule, new FlowSde(.7));
        List<GroupPart> rows = new ArrayList<>();
        if (training) {
            Trajectory trajectory = sampler.sample(
                    given(lease.getMembers(0).getPrompt(), lease.getMembersCount(), run.getMicroBatchSize()),
                    noise(lease.getMembersList()),
                    lease.getStochasticStepsList(),
                    lease.getMembersList().stream()
                            .map(MemberSpec::getTransitionNoiseSeed)
                            .toList());
            addTrajectory(trajectory, lease.getMembersCount(), header, rows);
        } else {
            for (int member = 0; member < lease.getMembersCount(); member++) {
                MemberSpec spec = lease.getMembers(member);
                Trajectory trajectory =
                        sampler.sample(policy.given(spec.getPrompt(), 1), noise(List.of(spec)), List.of(), List.of());
                header.addMembers(scored(member, trajectory.finalLatents()).addScores(score("gold", .5)));
                if (lease.getReturnImages()) {
                    rows.add(image(member));
                }
            }
        }
        lease.getRewardsList().forEach(reward -> scoreBy(reward, header));
        rows.add(0, GroupPart.newBuilder().setHeader(header).build());
        return rows;
    }

    /**
     * Says that a score is of the version that the learner named. A shadow scores as the endpoint beside it does; at "reversed"
     * with the other sign, at "dead" not at all.
     */
    private static void scoreBy(RewardEndpoint reward, GroupHeader.Builder header) {
        if (reward.getShadow() && reward.getTarget().equals("dead")) {
            header.addMissing(MissingScores.newBuilder()
                    .setEndpoint(reward.getName())
                    .setMembers(header.getMembersCount())
                    .setReason("dead")
                    .setShadow(true));
            return;
        }
        for (MemberResult.Builder member : header.getMembersBuilderList()) {
            for (MemberScore.Builder score : member.getScoresBuilderList()) {
                if (score.getEndpoint().equals(reward.getName()) && reward.getShadow()) {
                    int sign = reward.getTarget().equals("reversed") ? -1 : 1;
                    member.addShadowScores(score.build().toBuilder()
                            .setScorerVersion(reward.getVersion())
                            .setValue(sign * score.getValue()));
                } else if (score.getEndpoint().equals(reward.getName())
                        && !reward.getVersion().isEmpty()) {
                    score.setScorerVersion(reward.getVersion());
                }
            }
        }
    }

    private VelocityField given(String prompt, int members, int microBatch) {
        int size = microBatch == 0 ? members : microBatch;
        return new MicroBatchedVelocity(
                MicroBatchedVelocity.ranges(members, size).stream()
                        .map(range -> policy.given(prompt, range.members()))
                        .toList(),
                size);
    }

    private Tensor noise(List<MemberSpec> members) {
        return TrajectorySampler.initialLatents(
                Device.cpu(),
                members.stream().map(MemberSpec::getInitialNoiseSeed).toList(),
                policy.latentShape().stream().mapToLong(Long::longValue).toArray());
    }

    private void addTrajectory(Trajectory trajectory, int members, GroupHeader.Builder header, List<GroupPart> rows) {
        List<StochasticStep> steps = trajectory.stochasticSteps();
        int latentRow = 0;
        for (int i = 0; i < steps.size(); i++) {
            rows.add(rows(Table.TABLE_LATENTS, 2 * i * members, steps.get(i).latents()));
            rows.add(rows(
                    Table.TABLE_LATENTS, (2 * i + 1) * members, steps.get(i).next()));
            latentRow += 2 * members;
        }
        for (int i = 0; i < steps.size(); i++) {
            rows.add(rows(Table.TABLE_MEANS, i * members, steps.get(i).mean()));
        }
        header.setLatentRows(latentRow).setMeanRows(steps.size() * members).addAllLatentShape(policy.latentShape());
        for (int member = 0; member < members; member++) {
            MemberResult.Builder result =
                    scored(member, trajectory.finalLatents().slice(0, member, member + 1));
            for (int i = 0; i < steps.size(); i++) {
                result.addTransitions(Transition.newBuilder()
                        .setStep(steps.get(i).transition().step())
                        .setFromLatent(2 * i * members + member)
                        .setToLatent((2 * i + 1) * members + member)
                        .setMean(i * members + member));
            }
            header.addMembers(result);
        }
    }

    private static GroupPart rows(Table table, int firstRow, Tensor batch) {
        return GroupPart.newBuilder()
                .setRows(TableRows.newBuilder()
                        .setTable(table)
                        .setFirstRow(firstRow)
                        .setData(ByteString.copyFrom(batch.toBytes())))
                .build();
    }

    private static MemberResult.Builder scored(int member, Tensor finalLatents) {
        return MemberResult.newBuilder()
                .setMemberIndex(member)
                .addScores(score("brightness", finalLatents.mean().itemDouble()));
    }

    private static MemberScore score(String endpoint, double value) {
        return MemberScore.newBuilder()
                .setEndpoint(endpoint)
                .setScorerId(endpoint)
                .setScorerVersion("1")
                .setValue(value)
                .build();
    }

    private static GroupPart image(int member) {
        return GroupPart.newBuilder()
                .setImage(MemberImage.newBuilder()
                        .setMemberIndex(member)
                        .setImage(EncodedImage.newBuilder()
                                .setData(ByteString.copyFrom(
                                        new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}))))
                .build();
    }

    private void send(WorkerMessage.Builder message) {
        StreamObserver<WorkerMessage> session = toLearner;
        if (session != null && ended.getCount() > 0) {
            session.onNext(message.build());
        }
    }

    @Override
    public void onError(Throwable cause) {
        if (!closed && ended.getCount() > 0) {
            bound = null;
            engine.execute(this::connect);
        }
    }

    @Override
    public void onCompleted() {
        ended.countDown();
    }

    @Override
    public void close() {
        closed = true;
        engine.shutdownNow();
        policy.close();
    }
}
