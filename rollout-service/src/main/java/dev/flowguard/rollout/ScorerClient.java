package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.Lease;
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
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks one reward endpoint to score groups: exactly what its {@code Describe} wants is sent, what failed for a while is
 * asked again within the endpoint's deadline, and a group without every score is an error, unless the endpoint's scores may
 * be missing. An endpoint that is away is left alone ({@link Circuit}), one that is full is spared ({@link Gate}). Thread-safe.
 */
final class ScorerClient {

    /** A replica that is back is found within this time. */
    private static final Duration LOOK_FOR_REPLICAS = Duration.ofSeconds(2);

    /** A scorer that names no limit has gRPC's, 4 MiB a message, of which the rest of the item wants some. */
    private static final int USUAL_LIMIT = 4_000_000;

    private static final Logger log = LoggerFactory.getLogger(ScorerClient.class);

    private final RewardEndpoint endpoint;
    private final ManagedChannel channel;
    private final ScorerStub asynchronous;
    private final ScorerGrpc.ScorerBlockingStub blocking;
    private final Retry retry;
    private final Circuit circuit;
    private final Gate gate;
    private final LongSupplier nanoClock;
    private final AtomicLong lastLookForReplicas;

    /** What Describe answered; forgotten when the connection fails, for another process may answer the next one. */
    private volatile @Nullable ScorerDescription description;

    /** @param nanoClock monotonic nanoseconds */
    ScorerClient(
            RewardEndpoint endpoint,
            ManagedChannel channel,
            Retry retry,
            Circuit circuit,
            Gate gate,
            LongSupplier nanoClock) {
        this.endpoint = endpoint;
        this.channel = channel;
        this.asynchronous = ScorerGrpc.newStub(channel);
        this.blocking = ScorerGrpc.newBlockingStub(channel);
        this.retry = retry;
        this.circuit = circuit;
        this.gate = gate;
        this.nanoClock = nanoClock;
        this.lastLookForReplicas = new AtomicLong(nanoClock.getAsLong());
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
     * The endpoint's scores of a group.
     *
     * @throws LeaseFailedException where a member has no score in the end, and must have one
     */
    EndpointScores score(Lease lease, SampledGroup group) throws InterruptedException {
        ScoreSheet sheet = new ScoreSheet(endpoint, lease.getMembersCount());
        try {
            fill(sheet, lease, group);
        } catch (LeaseFailedException failure) {
            if (!mayBeMissing()) {
                throw failure;
            }
            return sheet.scores(String.valueOf(failure.getMessage()));
        }
        return sheet.scores("");
    }

    private void fill(ScoreSheet sheet, Lease lease, SampledGroup group) throws InterruptedException {
        Deadline deadline = deadline();
        try {
            retry.call("score", deadline, () -> {
                circuit.call(deadline, !mayBeMissing(), () -> {
                    gate.call(sheet.open().size(), deadline, () -> {
                        ask(lease, group, sheet, deadline);
                        return sheet;
                    });
                    return sheet;
                });
                sheet.requireComplete();
                return sheet;
            });
        } catch (TryAgainException e) {
            throw noScore(String.valueOf(e.getMessage()), false);
        } catch (WrongScorerException | LeftAloneException e) {
            throw noScore(String.valueOf(e.getMessage()), true);
        } catch (StatusRuntimeException e) {
            throw noScore(
                    String.valueOf(e.getMessage()), outOfReach(e.getStatus().getCode()));
        }
    }

    /**
     * Looks who answers there, as the first group will.
     *
     * @return what is wrong with them, as one line; empty where nothing is, or nobody answers yet
     */
    Optional<String> objection() throws InterruptedException {
        try {
            return retry.call("describe", deadline(), this::wrong);
        } catch (StatusRuntimeException e) {
            log.debug("{}", named(e.getMessage()));
            return Optional.empty();
        }
    }

    private Optional<String> wrong() {
        try {
            describe(deadline());
            return Optional.empty();
        } catch (WrongScorerException e) {
            return Optional.of(named(e.getMessage()));
        }
    }

    private Deadline deadline() {
        return Deadline.after(WireDuration.read(endpoint.getDeadline()).toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Without the score the group is whole nevertheless. */
    private boolean mayBeMissing() {
        return endpoint.getMayBeMissing() || endpoint.getShadow();
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
            lookForReplicas();
        } catch (StatusRuntimeException e) {
            description = null;
            // Our own waits are bounded by the deadline; the channel's own, of up to two minutes, are not.
            channel.resetConnectBackoff();
            throw e;
        } catch (WrongScorerException e) {
            description = null;
            log.error("{}", named(e.getMessage()));
            throw e;
        }
    }

    /**
     * While one replica answers, nothing fails, and the channel would look for a lost one in ever longer intervals. Asks the
     * name service again, too.
     */
    private void lookForReplicas() {
        long now = nanoClock.getAsLong();
        long last = lastLookForReplicas.get();
        if (now - last > LOOK_FOR_REPLICAS.toNanos() && lastLookForReplicas.compareAndSet(last, now)) {
            channel.resetConnectBackoff();
        }
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
                            .orElseThrow(() -> new WrongScorerException(
                                    "there is no scorer '" + endpoint.getScorerId() + "' behind this address"));
            WrongScorerException.require(endpoint, known);
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
                    throw noScore("wants " + input + ", which this worker does not send", false);
            }
        }
        if (scorer.getArity() == Arity.ARITY_GROUPWISE) {
            request.setGroupId(lease.getGroupId()).setGroupSize(lease.getMembersCount());
        }
        return request.build();
    }

    /** Pixels where the scorer takes them, because they cost nobody any work, otherwise the PNG file. */
    private EncodedImage fitting(ScorerDescription scorer, DrawnImage image, int member) {
        long limit = scorer.getMaxImageBytes();
        EncodedImage rgb8 = image.rgb8();
        if (scorer.getImageFormatsList().contains(rgb8.getFormat())
                && rgb8.getData().size() <= (limit > 0 ? limit : USUAL_LIMIT)) {
            return rgb8;
        }
        EncodedImage png = image.png();
        if (limit > 0 && png.getData().size() > limit) {
            throw noScore(
                    "member " + member + ": the image has " + png.getData().size() + " bytes, the scorer takes at most "
                            + limit,
                    false);
        }
        return png;
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

    private LeaseFailedException noScore(String why, boolean notTheGroupsFault) {
        return LeaseFailedException.noScore(endpoint.getName(), named(why), notTheGroupsFault);
    }

    private String named(@Nullable String what) {
        return "reward '" + endpoint.getName() + "' at " + endpoint.getTarget() + ": " + what;
    }
}
