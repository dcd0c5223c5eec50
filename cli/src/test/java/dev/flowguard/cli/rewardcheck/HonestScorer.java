package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.DescribeResponse;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.ItemFailure;
import dev.flowguard.proto.v1.ItemScore;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.proto.v1.ScorerInput;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;

/** An endpoint that keeps the contract. Tests override one part of it, and so break it in one way. Thread-safe. */
class HonestScorer extends ScorerGrpc.ScorerImplBase {

    static final String ID = "honest";
    static final int MAX_IMAGE_BYTES = 100_000;

    private static final int MAX_SIDE = 2048;
    private static final int MAX_PROMPT = 10_000;
    private static final int HEADER_BYTES = 26;

    private final AtomicInteger calls = new AtomicInteger();

    /** One RPC, for parts that misbehave by what came before. */
    static final class Call {
        final int number;
        final ServerCallStreamObserver<ScoreResponse> caller;
        int items;
        boolean over;
        double lastValue;

        Call(int number, ServerCallStreamObserver<ScoreResponse> caller) {
            this.number = number;
            this.caller = caller;
        }
    }

    ScorerDescription.Builder description() {
        return ScorerDescription.newBuilder()
                .setScorerId(ID)
                .setVersion("1")
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .setArity(Arity.ARITY_POINTWISE)
                .setRangeMin(0)
                .setRangeMax(1)
                .setMaxImageBytes(MAX_IMAGE_BYTES)
                .setDeterministic(true);
    }

    /** Some function of the pixels and the prompt, in [0, 1]. */
    double value(ScoreRequest request, Call call) {
        int hash = request.getImage().getData().hashCode() * 31
                + request.getPrompt().hashCode();
        return (hash >>> 8) / (double) (1 << 24);
    }

    boolean knows(String scorerId) {
        return scorerId.isEmpty() || scorerId.equals(ID);
    }

    /** Whether the RPC is let in. */
    boolean admits(Call call) {
        return true;
    }

    void ended(Call call) {}

    /** The caller reads again. */
    void ready(Call call) {}

    void answer(ScoreRequest request, Call call) {
        String fault = faultOf(request);
        if (fault.isEmpty()) {
            call.lastValue = value(request, call);
            reply(
                    request,
                    call,
                    ScoreResponse.newBuilder().setScore(ItemScore.newBuilder().setValue(call.lastValue)));
        } else {
            answerBad(request, fault, call);
        }
    }

    void answerBad(ScoreRequest request, String fault, Call call) {
        reply(
                request,
                call,
                ScoreResponse.newBuilder()
                        .setFailure(ItemFailure.newBuilder()
                                .setKind(FailureKind.FAILURE_KIND_INVALID_ITEM)
                                .setMessage(fault)));
    }

    void reply(ScoreRequest request, Call call, ScoreResponse.Builder outcome) {
        call.caller.onNext(outcome.setItemId(request.getItemId()).build());
    }

    void complete(Call call) {
        call.caller.onCompleted();
    }

    private static String faultOf(ScoreRequest request) {
        EncodedImage image = request.getImage();
        ByteBuffer header = image.getData().asReadOnlyByteBuffer();
        if (image.getFormat() != ImageFormat.IMAGE_FORMAT_PNG
                || header.remaining() < HEADER_BYTES
                || header.remaining() > MAX_IMAGE_BYTES
                || header.getInt(0) != 0x89504E47) {
            return "not a PNG file of " + MAX_IMAGE_BYTES + " bytes at most";
        }
        int width = header.getInt(16);
        int height = header.getInt(20);
        if (width != image.getWidth() || height != image.getHeight() || width > MAX_SIDE || height > MAX_SIDE) {
            return "not of the size that is declared";
        }
        if (header.get(24) != 8) {
            return "not of 8 bits";
        }
        if (request.getPrompt().length() > MAX_PROMPT) {
            return "the prompt is too long";
        }
        try {
            return ImageIO.read(image.getData().newInput()) == null ? "no image" : "";
        } catch (IOException | RuntimeException e) {
            return "damaged";
        }
    }

    @Override
    public void describe(DescribeRequest request, StreamObserver<DescribeResponse> caller) {
        caller.onNext(DescribeResponse.newBuilder().addScorers(description()).build());
        caller.onCompleted();
    }

    @Override
    public StreamObserver<ScoreRequest> score(StreamObserver<ScoreResponse> caller) {
        Call call = new Call(calls.incrementAndGet(), (ServerCallStreamObserver<ScoreResponse>) caller);
        boolean admitted = admits(call);
        call.caller.setOnCancelHandler(() -> ended(call));
        call.caller.setOnReadyHandler(() -> ready(call));
        if (!admitted) {
            Metadata trailers = new Metadata();
            trailers.put(Metadata.Key.of("retry-delay-ms", Metadata.ASCII_STRING_MARSHALLER), "20");
            caller.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers));
        }
        return new StreamObserver<>() {
            private boolean over = !admitted;

            @Override
            public void onNext(ScoreRequest request) {
                if (over || call.caller.isCancelled()) {
                    return;
                }
                if (!knows(request.getScorerId())) {
                    over = true;
                    ended(call);
                    caller.onError(Status.INVALID_ARGUMENT.asRuntimeException());
                    return;
                }
                call.items++;
                answer(request, call);
            }

            @Override
            public void onError(Throwable gone) {
                over = true;
            }

            @Override
            public void onCompleted() {
                if (!over) {
                    over = true;
                    ended(call);
                    complete(call);
                }
            }
        };
    }
}
