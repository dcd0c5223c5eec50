package dev.flowguard.learner.coordination;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.CoordinatorGrpc;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.Credits;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.FetchPolicyRequest;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.GroupReceipt;
import dev.flowguard.proto.v1.Heartbeat;
import dev.flowguard.proto.v1.Hello;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.LeaseReturned;
import dev.flowguard.proto.v1.MemberImage;
import dev.flowguard.proto.v1.MemberResult;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.PolicyChunk;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RewardRefused;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Table;
import dev.flowguard.proto.v1.TableRows;
import dev.flowguard.proto.v1.Transition;
import dev.flowguard.proto.v1.WorkerMessage;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A rollout worker by hand: it remembers what it was told and does exactly what the test says. */
final class FakeWorker {
    private final String id;
    private final CoordinatorGrpc.CoordinatorStub stub;
    private final StreamObserver<WorkerMessage> toLearner;
    private final List<CoordinatorMessage> received = new ArrayList<>();
    private @Nullable Status end;

    FakeWorker(Channel channel, String id) {
        this.id = id;
        this.stub = CoordinatorGrpc.newStub(channel);
        this.toLearner = stub.work(new Collector<>(received, status -> end = status));
    }

    FakeWorker hello() {
        send(WorkerMessage.newBuilder()
                .setHello(Hello.newBuilder()
                        .setWorkerId(id)
                        .setProtocolRevision(1)
                        .setDevice("cpu")));
        return this;
    }

    /** Binds the newest announced policy as an honest worker does. */
    FakeWorker bind() {
        PolicyAnnouncement policy = announcement();
        send(WorkerMessage.newBuilder()
                .setPolicyBound(PolicyBound.newBuilder()
                        .setVersion(policy.getVersion())
                        .setModulesBound(policy.getModules())
                        .addAllTensors(policy.getTensorsList())));
        return this;
    }

    FakeWorker credits(int count) {
        send(WorkerMessage.newBuilder().setCredits(Credits.newBuilder().setCount(count)));
        return this;
    }

    void heartbeat(Lease... leases) {
        Heartbeat.Builder heartbeat = Heartbeat.newBuilder();
        for (Lease lease : leases) {
            heartbeat.addLeaseIds(lease.getLeaseId());
        }
        send(WorkerMessage.newBuilder().setHeartbeat(heartbeat));
    }

    void giveBack(Lease lease, boolean notTheGroupsFault) {
        send(WorkerMessage.newBuilder()
                .setLeaseReturned(LeaseReturned.newBuilder()
                        .setLeaseId(lease.getLeaseId())
                        .setReason("the test says so")
                        .setNotTheGroupsFault(notTheGroupsFault)));
    }

    void giveBackWithout(String reward, Lease lease, boolean notTheGroupsFault) {
        send(WorkerMessage.newBuilder()
                .setLeaseReturned(LeaseReturned.newBuilder()
                        .setLeaseId(lease.getLeaseId())
                        .setReason("reward '" + reward + "' is away")
                        .setNotTheGroupsFault(notTheGroupsFault)
                        .setReward(reward)));
    }

    void refuse(String reward, String reason) {
        send(WorkerMessage.newBuilder()
                .setRewardRefused(RewardRefused.newBuilder().setEndpoint(reward).setReason(reason)));
    }

    void send(WorkerMessage.Builder message) {
        toLearner.onNext(message.build());
    }

    void crash() {
        toLearner.onError(Status.CANCELLED.withDescription("crashed").asRuntimeException());
    }

    List<CoordinatorMessage> received() {
        return List.copyOf(received);
    }

    List<Lease> leases() {
        return received.stream()
                .filter(CoordinatorMessage::hasLease)
                .map(CoordinatorMessage::getLease)
                .toList();
    }

    Lease lastLease() {
        List<Lease> leases = leases();
        return leases.get(leases.size() - 1);
    }

    List<Long> revoked() {
        return received.stream()
                .filter(CoordinatorMessage::hasLeaseRevoked)
                .map(message -> message.getLeaseRevoked().getLeaseId())
                .toList();
    }

    PolicyAnnouncement announcement() {
        return received.stream()
                .filter(CoordinatorMessage::hasPolicyAnnouncement)
                .map(CoordinatorMessage::getPolicyAnnouncement)
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    RunSettings settings() {
        return received.stream()
                .filter(CoordinatorMessage::hasWelcome)
                .map(message -> message.getWelcome().getSettings())
                .findFirst()
                .orElseThrow();
    }

    /** How the learner ended the session. */
    Status end() {
        if (end == null) {
            throw new AssertionError("the session of " + id + " is still open");
        }
        return end;
    }

    List<PolicyChunk> fetch(long version) {
        List<PolicyChunk> chunks = new ArrayList<>();
        List<Status> ends = new ArrayList<>();
        stub.fetchPolicy(
                FetchPolicyRequest.newBuilder().setVersion(version).build(), new Collector<>(chunks, ends::add));
        requireOk(ends);
        return chunks;
    }

    /** A group as an honest worker hands it in: header first, then rows, then images. */
    List<GroupPart> sampled(Lease lease) {
        int members = lease.getMembersCount();
        List<Integer> steps = lease.getStochasticStepsList();
        boolean training = lease.getPurpose() == Purpose.PURPOSE_TRAINING;
        GroupHeader.Builder header = GroupHeader.newBuilder()
                .setLeaseId(lease.getLeaseId())
                .setGroupId(lease.getGroupId())
                .setWorkerId(id)
                .setPolicyVersion(lease.getPolicyVersion())
                .setAdapterSha256(announcement().getSha256())
                .setSigmasSha256(
                        (training ? settings().getSampling() : settings().getEvaluation()).getSigmasSha256());
        int latentRows = training ? members * (steps.size() + 1) : 0;
        int meanRows = members * steps.size();
        header.setLatentRows(latentRows).setMeanRows(meanRows);
        if (training) {
            header.addAllLatentShape(Settings.LATENT_SHAPE);
        }
        for (int member = 0; member < members; member++) {
            MemberResult.Builder result = MemberResult.newBuilder()
                    .setMemberIndex(member)
                    .addScores(MemberScore.newBuilder()
                            .setEndpoint("ocr")
                            .setScorerId("ocr")
                            .setScorerVersion("1")
                            .setValue(member * .1));
            for (int i = 0; i < steps.size(); i++) {
                result.addTransitions(Transition.newBuilder()
                        .setStep(steps.get(i))
                        .setFromLatent(member * (steps.size() + 1) + i)
                        .setToLatent(member * (steps.size() + 1) + i + 1)
                        .setMean(member * steps.size() + i));
            }
            header.addMembers(result);
        }
        List<GroupPart> parts = new ArrayList<>();
        parts.add(GroupPart.newBuilder().setHeader(header).build());
        for (int row = 0; row < latentRows; row++) {
            parts.add(rows(Table.TABLE_LATENTS, row, row + .5f));
        }
        for (int row = 0; row < meanRows; row++) {
            parts.add(rows(Table.TABLE_MEANS, row, row + .25f));
        }
        if (lease.getReturnImages()) {
            for (int member = 0; member < members; member++) {
                parts.add(GroupPart.newBuilder()
                        .setImage(MemberImage.newBuilder()
                                .setMemberIndex(member)
                                .setImage(EncodedImage.newBuilder()
                                        .setData(ByteString.copyFrom(
                                                new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 1}))))
                        .build());
            }
        }
        return parts;
    }

    static GroupPart rows(Table table, int firstRow, float value) {
        int elements = 1;
        for (long size : Settings.LATENT_SHAPE) {
            elements *= (int) size;
        }
        ByteBuffer data = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (data.hasRemaining()) {
            data.putFloat(value);
        }
        return GroupPart.newBuilder()
                .setRows(TableRows.newBuilder()
                        .setTable(table)
                        .setFirstRow(firstRow)
                        .setData(ByteString.copyFrom(data.array())))
                .build();
    }

    GroupReceipt submit(Lease lease) {
        return submit(sampled(lease));
    }

    GroupReceipt submit(List<GroupPart> parts) {
        List<GroupReceipt> receipts = new ArrayList<>();
        List<Status> ends = new ArrayList<>();
        StreamObserver<GroupPart> call = stub.submitGroup(new Collector<>(receipts, ends::add));
        parts.forEach(call::onNext);
        call.onCompleted();
        requireOk(ends);
        return receipts.get(0);
    }

    private static void requireOk(List<Status> ends) {
        if (ends.size() != 1 || !ends.get(0).isOk()) {
            throw new AssertionError("the call ended as " + ends);
        }
    }

    /** The run's constants that worker and test share. */
    static final class Settings {
        static final List<Long> LATENT_SHAPE = List.of(2L, 1L, 3L);

        private Settings() {}
    }

    private record Collector<T>(List<T> into, Consumer<Status> onEnd) implements StreamObserver<T> {
        @Override
        public void onNext(T value) {
            into.add(value);
        }

        @Override
        public void onError(Throwable cause) {
            onEnd.accept(Status.fromThrowable(cause));
        }

        @Override
        public void onCompleted() {
            onEnd.accept(Status.OK);
        }
    }
}
