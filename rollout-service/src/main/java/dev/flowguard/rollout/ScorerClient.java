package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.proto.v1.ScorerGrpc.ScorerStub;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.proto.v1.Tensor;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks one reward endpoint to score groups: exactly what its {@code Describe} wants is sent, what failed for a while is
 * asked again within the endpoint's deadline, and a group without every score is an error. Thread-safe.
 */
final class ScorerClient {

    private final RewardEndpoint endpoint;
    private final ManagedChannel channel;
    private final ScorerStub asynchronous;
    private final ScorerGrpc.ScorerBlockingStub blocking;
    private final Retry retry;

    /** What Describe answered; forgotten when the connection fails, for another process may answer the next one. */
    private volatile @Nullable ScorerDescription description;

    ScorerClient(RewardEndpoint endpoint, ManagedChannel channel, Retry retry) {
        this.endpoint = endpoint;
        this.channel = channel;
        this.asynchronous = ScorerGrpc.newStub(channel);
        this.blocking = ScorerGrpc.newBlockingStub(channel);
        this.retry = retry;
    }

    /** Whether the endpoint scores groups like this lease's: evaluations by all, training groups where it is said so. */
    boolean scores(Lease lease) {
        return switch (lease.getPurpose()) {
            case PURPOSE_TRAINING -> endpoint.getTrain();
            case PURPOSE_EVALUATION -> true;
            case PURPOSE_UNSPECIFIED, UNRECOGNIZED ->
                throw LeaseFailedException.groupsFault("the lease has no purpose");
        };
    }

    /**
     * One score a member, in the lease's order.
     *
     * @throws LeaseFailedException where a member has no score in the end
     */
    List<MemberScore> score(Lease lease, SampledGroup group) throws InterruptedException {
        Deadline deadline =
                Deadline.after(WireDuration.read(endpoint.getDeadline()).toNanos(), TimeUnit.NANOSECONDS);
        ScoreSheet sheet = new ScoreSheet(endpoint, lease.getMembersCount());
        try {
            return retry.call("score", deadline, () -> {
                ask(lease, group, sheet, deadline);
                return sheet.scores();
            });
        } catch (TryAgainException e) {
            throw LeaseFailedException.groupsFault(String.valueOf(e.getMessage()));
        } catch (StatusRuntimeException e) {
            String reason = named(e.getMessage());
            throw outOfReach(e.getStatus().getCode())
                    ? LeaseFailedException.notTheGroupsFault(reason)
                    : LeaseFailedException.groupsFault(reason);
        }
    }

    /** One call for the members that have no score yet. */
    private void ask(Lease lease, SampledGroup group, ScoreSheet sheet, Deadline deadline) throws InterruptedException {
        ScorerDescription scorer = describe(deadline);
        if (scorer.getArity() == Arity.ARITY_GROUPWISE) {
            sheet.clear();
        }
        List<Integer> members = sheet.open();
        sheet.ask(members);
        PacedStream<ScoreRequest, ScoreResponse> call = new PacedStream<>(
                members.stream().map(m -> request(scorer, lease, group, m)).iterator(),
                response -> sheet.answer(scorer, response));
        try {
            asynchronous.withDeadline(deadline).score(call);
            call.await(deadline);
        } catch (StatusRuntimeException e) {
            description = null;
            // Our own waits are bounded by the deadline; the channel's own, of up to two minutes, are not.
            channel.resetConnectBackoff();
            throw e;
        }
        sheet.requireComplete();
    }

    private ScorerDescription describe(Deadline deadline) {
        ScorerDescription known = description;
        if (known == null) {
            known =
                    blocking
                            .withDeadline(deadline)
                            .describe(DescribeRequest.getDefaultInstance())
                            .getScorersList()
                            .stream()
                            .filter(scorer -> scorer.getScorerId().equals(endpoint.getScorerId()))
                            .findFirst()
                            .orElseThrow(() -> LeaseFailedException.groupsFault(
                                    named("there is no scorer '" + endpoint.getScorerId() + "' behind this address")));
            description = known;
        }
        return known;
    }

    private ScoreRequest request(ScorerDescription scorer, Lease lease, SampledGroup group, int member) {
        MemberSpec spec = lease.getMembers(member);
        ScoreRequest.Builder request =
                ScoreRequest.newBuilder().setItemId(member).setScorerId(scorer.getScorerId());
        for (ScorerInput input : scorer.getInputsList()) {
            switch (input) {
                case SCORER_INPUT_IMAGE ->
                    request.setImage(fitting(scorer, group.images().get(member), member));
                case SCORER_INPUT_PROMPT -> request.setPrompt(spec.getPrompt());
                case SCORER_INPUT_METADATA -> {
                    if (spec.hasMetadata()) {
                        request.setMetadata(spec.getMetadata());
                    }
                }
                case SCORER_INPUT_LATENTS ->
                    request.setLatents(
                            latents(group.latentShape(), group.finalLatents().get(member)));
                case SCORER_INPUT_TRAJECTORY, SCORER_INPUT_UNSPECIFIED, UNRECOGNIZED ->
                    throw LeaseFailedException.groupsFault(
                            named("wants " + input + ", which this worker does not send"));
            }
        }
        if (scorer.getArity() == Arity.ARITY_GROUPWISE) {
            request.setGroupId(lease.getGroupId()).setGroupSize(lease.getMembersCount());
        }
        return request.build();
    }

    private EncodedImage fitting(ScorerDescription scorer, EncodedImage image, int member) {
        long limit = scorer.getMaxImageBytes();
        if (limit > 0 && image.getData().size() > limit) {
            throw LeaseFailedException.groupsFault(named("member " + member + ": the image has "
                    + image.getData().size() + " bytes, the scorer takes at most " + limit));
        }
        return image;
    }

    private static Tensor latents(List<Long> shape, ByteString data) {
        return Tensor.newBuilder()
                .setDtype(DType.DTYPE_FLOAT32)
                .addAllShape(shape)
                .setData(data)
                .build();
    }

    /** The scorer is busy, away or slow: the group is as good as before. */
    private static boolean outOfReach(Status.Code code) {
        return Retry.transientCode(code) || code == Status.Code.DEADLINE_EXCEEDED;
    }

    private String named(@Nullable String what) {
        return "reward '" + endpoint.getName() + "' at " + endpoint.getTarget() + ": " + what;
    }
}
