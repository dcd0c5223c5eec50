package dev.flowguard.rollout;

import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ItemFailure;
import dev.flowguard.proto.v1.ItemScore;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint's scores of one group, filled in over one or more calls. A place stays empty until there is a real score
 * for it: missing is never zero. Not thread-safe; gRPC delivers the answers of a call one at a time.
 */
final class ScoreSheet {

    private final RewardEndpoint endpoint;
    private final int members;
    private final Map<Integer, MemberScore> scores = new TreeMap<>();
    private final BitSet asked = new BitSet();
    private final BitSet answered = new BitSet();
    private @Nullable String firstFailure;

    ScoreSheet(RewardEndpoint endpoint, int members) {
        this.endpoint = endpoint;
        this.members = members;
    }

    /** The members without a score, in order. */
    List<Integer> open() {
        return IntStream.range(0, members)
                .filter(m -> !scores.containsKey(m))
                .boxed()
                .toList();
    }

    /** Drops every score: a groupwise scorer's scores belong together. */
    void clear() {
        scores.clear();
    }

    /** Begins a call that asks for these members. */
    void ask(List<Integer> wanted) {
        asked.clear();
        answered.clear();
        wanted.forEach(asked::set);
        firstFailure = null;
    }

    /**
     * Takes an answer.
     *
     * @throws LeaseFailedException where the answer breaks the contract or says that asking again is pointless
     */
    void answer(ScorerDescription scorer, ScoreResponse response) {
        int member = memberOf(response);
        switch (response.getOutcomeCase()) {
            case SCORE -> scores.put(member, score(scorer, member, response.getScore()));
            case FAILURE -> failure(member, response.getFailure());
            case OUTCOME_NOT_SET -> throw broken("answered member " + member + " with neither score nor failure");
        }
    }

    /**
     * Ends a call.
     *
     * @throws TryAgainException where a member has no score yet
     */
    void requireComplete() {
        List<Integer> missing = open();
        if (!missing.isEmpty()) {
            String why = firstFailure != null ? firstFailure : "no answer for members " + missing;
            throw new TryAgainException(named(why));
        }
    }

    /** The scores in the order of members; complete. */
    List<MemberScore> scores() {
        requireComplete();
        return List.copyOf(scores.values());
    }

    private int memberOf(ScoreResponse response) {
        long id = response.getItemId();
        if (id < 0 || id >= members || !asked.get((int) id)) {
            throw broken("answered item " + Long.toUnsignedString(id) + ", which it was not asked");
        }
        int member = (int) id;
        if (answered.get(member)) {
            throw broken("answered member " + member + " twice");
        }
        answered.set(member);
        return member;
    }

    private MemberScore score(ScorerDescription scorer, int member, ItemScore score) {
        if (!Double.isFinite(score.getValue())) {
            throw broken("scored member " + member + " with " + score.getValue());
        }
        return MemberScore.newBuilder()
                .setEndpoint(endpoint.getName())
                .setScorerId(scorer.getScorerId())
                .setScorerVersion(scorer.getVersion())
                .setValue(score.getValue())
                .putAllNotes(score.getNotesMap())
                .build();
    }

    private void failure(int member, ItemFailure failure) {
        String why = "member " + member + ": " + failure.getMessage();
        if (failure.getKind() == FailureKind.FAILURE_KIND_INVALID_ITEM) {
            throw LeaseFailedException.groupsFault(named(why));
        }
        if (firstFailure == null) {
            firstFailure = why;
        }
    }

    private LeaseFailedException broken(String what) {
        return LeaseFailedException.groupsFault(named(what));
    }

    private String named(String what) {
        return "reward '" + endpoint.getName() + "' at " + endpoint.getTarget() + ": " + what;
    }
}
