package dev.flowguard.cli.rewardcheck;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.DescribeResponse;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.ItemFailure;
import dev.flowguard.proto.v1.ItemScore;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Endpoints that break the contract in one way each, and the check that has to notice. */
@SuppressWarnings("ImmutableEnumChecker") // each is served to one test alone
enum BrokenScorers {
    WITH_AN_UGLY_ID("describe", "does not match", description -> description.setScorerId("My Scorer")),
    WITHOUT_VERSION("describe", "no version", ScorerDescription.Builder::clearVersion),
    WITHOUT_INPUTS("describe", "wants the inputs []", ScorerDescription.Builder::clearInputs),
    WITH_AN_INPUT_TWICE("describe", "IMAGE, SCORER_INPUT_PROMPT, SCORER_INPUT_IMAGE", d -> d.addInputs(d.getInputs(0))),
    WITHOUT_ARITY("describe", "no arity", d -> d.setArity(Arity.ARITY_UNSPECIFIED)),
    WITH_A_RANGE_UPSIDE_DOWN("describe", "from 2.0 to 1.0", d -> d.setRangeMin(2)),
    WITH_HALF_A_DIGEST("describe", "16 bytes", d -> d.setWeightsSha256(ByteString.copyFrom(new byte[16]))),
    THAT_CHANGES_ITS_MIND("describe", "different answers", new HonestScorer() {
        private final AtomicInteger version = new AtomicInteger();

        @Override
        ScorerDescription.Builder description() {
            return super.description().setVersion("1." + version.incrementAndGet());
        }
    }),
    THAT_DESCRIBES_A_SCORER_TWICE("describe", "two scorers", new HonestScorer() {
        @Override
        public void describe(DescribeRequest request, StreamObserver<DescribeResponse> caller) {
            caller.onNext(DescribeResponse.newBuilder()
                    .addScorers(description())
                    .addScorers(description())
                    .build());
            caller.onCompleted();
        }
    }),
    THAT_DOES_NOT_DESCRIBE("describe", "UNIMPLEMENTED", new HonestScorer() {
        @Override
        public void describe(DescribeRequest request, StreamObserver<DescribeResponse> caller) {
            caller.onError(Status.UNIMPLEMENTED.asRuntimeException());
        }
    }),
    THAT_SCORES_NAN("golden scores", "NaN", new HonestScorer() {
        @Override
        double value(ScoreRequest request, Call call) {
            return Double.NaN;
        }
    }),
    BEYOND_ITS_RANGE("golden scores", "outside of the range", new HonestScorer() {
        @Override
        double value(ScoreRequest request, Call call) {
            return 1 + super.value(request, call);
        }
    }),
    OF_TWO_VERSIONS("golden scores", "says version 1, the score of 'sign' says 2", new HonestScorer() {
        @Override
        void reply(ScoreRequest request, Call call, ScoreResponse.Builder outcome) {
            super.reply(
                    request,
                    call,
                    outcome.setScore(outcome.getScore().toBuilder().setVersion("2")));
        }
    }),
    THAT_ANSWERS_TWICE("golden scores", "answered twice", new HonestScorer() {
        @Override
        void reply(ScoreRequest request, Call call, ScoreResponse.Builder outcome) {
            super.reply(request, call, outcome);
            super.reply(request, call, outcome);
        }
    }),
    THAT_NEVER_ANSWERS("golden scores", "did not end within its deadline; 0 of 6", new HonestScorer() {
        @Override
        void answer(ScoreRequest request, Call call) {}

        @Override
        void complete(Call call) {}
    }),
    THAT_NEVER_COMPLETES("golden scores", "did not end within its deadline; 6 of 6", new HonestScorer() {
        @Override
        void complete(Call call) {}
    }),
    WITHOUT_OUTCOMES("golden scores", "neither score nor failure", new HonestScorer() {
        @Override
        void reply(ScoreRequest request, Call call, ScoreResponse.Builder outcome) {
            super.reply(request, call, ScoreResponse.newBuilder());
        }
    }),
    THAT_FAILS_ON_EVERYTHING("golden scores", "has no score: out of memory", new HonestScorer() {
        @Override
        void reply(ScoreRequest request, Call call, ScoreResponse.Builder outcome) {
            super.reply(
                    request,
                    call,
                    outcome.setFailure(ItemFailure.newBuilder()
                            .setKind(FailureKind.FAILURE_KIND_INTERNAL)
                            .setMessage("out of memory")));
        }
    }),
    WITH_A_MEMORY("determinism", "sent again", new HonestScorer() {
        @Override
        double value(ScoreRequest request, Call call) {
            return super.value(request, call) / (1 + 1e-6 * call.number);
        }
    }),
    THAT_COUNTS_ITEMS("order", "another order", new HonestScorer() {
        @Override
        double value(ScoreRequest request, Call call) {
            return super.value(request, call) / (1 + 1e-6 * call.items);
        }
    }),
    THAT_MIXES_NEIGHBOURS("order", "another order", new HonestScorer() {
        @Override
        double value(ScoreRequest request, Call call) {
            return super.value(request, call) * (1 - 1e-6 * call.lastValue);
        }
    }),
    THAT_LOSES_AN_ITEM("every item once", "never answered", new HonestScorer() {
        @Override
        void answer(ScoreRequest request, Call call) {
            if (call.items != 2 || request.getItemId() >= 0) {
                super.answer(request, call);
            }
        }
    }),
    WITH_SMALL_ITEM_IDS("every item once", "nobody asked for it", new HonestScorer() {
        @Override
        void reply(ScoreRequest request, Call call, ScoreResponse.Builder outcome) {
            super.reply(
                    request.toBuilder()
                            .setItemId(request.getItemId() & 0xFFFFFFFFL)
                            .build(),
                    call,
                    outcome);
        }
    }),
    THAT_TAKES_ANY_SCORER_ID("scorer id", "answered with outcomes", new HonestScorer() {
        @Override
        boolean knows(String scorerId) {
            return true;
        }
    }),
    THAT_SCORES_PIXELS_BY_OTHER_RULES("image formats", "when the images come as pixels", new HonestScorer() {
        @Override
        ScorerDescription.Builder description() {
            return super.description().addImageFormats(ImageFormat.IMAGE_FORMAT_RGB8);
        }

        @Override
        void answer(ScoreRequest request, Call call) {
            // Its value is a hash of the bytes, which are others.
            reply(
                    request,
                    call,
                    ScoreResponse.newBuilder().setScore(ItemScore.newBuilder().setValue(value(request, call))));
        }
    }),
    OF_AN_UNSPECIFIED_FORMAT(
            "describe",
            "unspecified format",
            description -> description.addImageFormats(ImageFormat.IMAGE_FORMAT_UNSPECIFIED)),
    THAT_SCORES_ZERO_FOR_BAD_ITEMS("bad items", "a JPEG file scores 0.0", new HonestScorer() {
        @Override
        void answerBad(ScoreRequest request, String fault, Call call) {
            reply(request, call, ScoreResponse.newBuilder().setScore(ItemScore.newBuilder()));
        }
    }),
    THAT_BLAMES_ITSELF_FOR_BAD_ITEMS("bad items", "INTERNAL", new HonestScorer() {
        @Override
        void answerBad(ScoreRequest request, String fault, Call call) {
            reply(
                    request,
                    call,
                    ScoreResponse.newBuilder()
                            .setFailure(ItemFailure.newBuilder().setKind(FailureKind.FAILURE_KIND_INTERNAL)));
        }
    }),
    THAT_ENDS_THE_RPC_OF_A_BAD_ITEM("bad items", "harms its RPC", new HonestScorer() {
        @Override
        void answerBad(ScoreRequest request, String fault, Call call) {
            call.caller.onError(Status.INTERNAL.withDescription(fault).asRuntimeException());
        }

        @Override
        void complete(Call call) {
            if (call.items > 1 && call.lastValue == 0) {
                return;
            }
            super.complete(call);
        }
    }),
    THAT_TAKES_MORE_THAN_IT_SAYS("oversize image", "was scored", new HonestScorer() {
        @Override
        ScorerDescription.Builder description() {
            return super.description().setMaxImageBytes(MAX_IMAGE_BYTES / 2);
        }
    }),
    THAT_DIES_OF_A_LARGE_IMAGE("oversize image", "after an image of 100001 bytes", new HonestScorer() {
        private final AtomicBoolean dead = new AtomicBoolean();

        @Override
        void answer(ScoreRequest request, Call call) {
            if (!dead.get()) {
                super.answer(request, call);
            }
            if (request.getImage().getData().size() > MAX_IMAGE_BYTES) {
                dead.set(true);
            }
        }
    }),
    THAT_KEEPS_CANCELLED_CALLS("cancellation", "after 32 cancelled calls", new HonestScorer() {
        private static final int ROOM = 8;
        private final AtomicInteger open = new AtomicInteger();

        @Override
        boolean admits(Call call) {
            return open.incrementAndGet() <= ROOM || open.decrementAndGet() < 0;
        }

        @Override
        void ended(Call call) {
            if (!call.caller.isCancelled()) {
                open.decrementAndGet();
            }
        }
    });

    private final String check;
    private final String message;
    private final HonestScorer scorer;

    BrokenScorers(String check, String message, HonestScorer scorer) {
        this.check = check;
        this.message = message;
        this.scorer = scorer;
    }

    BrokenScorers(String check, String message, Change change) {
        this(check, message, new HonestScorer() {
            @Override
            ScorerDescription.Builder description() {
                ScorerDescription.Builder description = super.description();
                change.make(description);
                return description;
            }
        });
    }

    /** A change of a sound description. */
    interface Change {
        void make(ScorerDescription.Builder description);
    }

    /** The first check that fails. */
    String check() {
        return check;
    }

    /** Part of what it says. */
    String message() {
        return message;
    }

    HonestScorer scorer() {
        return scorer;
    }
}
