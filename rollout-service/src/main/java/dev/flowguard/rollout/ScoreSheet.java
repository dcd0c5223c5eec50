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
 *
 * <p>INVARIANT: all scores on a sheet are of one scorer version, whichever replicas answered.
 */
final class ScoreSheet {

    private final RewardEndpoint endpoint;
    private final int members;
    private final Map<Integer, MemberScore> scores = new TreeMap<>();
    private final Map<Integer, String> unscorable = new TreeMap<>();
    private final BitSet asked = new BitSet();
    private final BitSet answered = new BitSet();
    private @Nullable String firstFailure;

    ScoreSheet(RewardEndpoint endpoint, int members) {
        this.endpoint = endpoint;
        this.members = members;
    }

    /** The members without a score that may yet get one, in order. */
    List<Integer> open() {
        return IntStream.range(0, members)
                .filter(m -> !scores.containsKey(m) && !unscorable.containsKey(m))
                .boxed()
                .toList();
    }

    /** Drops every score: a groupwise scorer's scores belong together. */
    void clear() {
        scores.clear();
        unscorable.clear();
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
     * @throws WrongScorerException where another version answers than the run wants
     * @throws TryAgainException where another version answers than before
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
            throw new TryAgainException(why);
        }
    }

    /**
     * What is on the sheet in the end.
     *
     * @param failure why the endpoint was not asked to the end; empty where it was
     */
    EndpointScores scores(String failure) {
        String shortfall =
                failure.isEmpty() ? unscorable.values().stream().findFirst().orElse("") : failure;
        return new EndpointScores(endpoint, members, scores, shortfall);
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
        String version = score.getVersion().isEmpty() ? scorer.getVersion() : score.getVersion();
        requireOne(version);
        return MemberScore.newBuilder()
                .setEndpoint(endpoint.getName())
                .setScorerId(scorer.getScorerId())
                .setScorerVersion(version)
                .setValue(score.getValue())
                .putAllNotes(score.getNotesMap())
                .build();
    }

    private void requireOne(String version) {
        WrongScorerException.requireVersion(endpoint, version);
        for (MemberScore other : scores.values()) {
            if (!other.getScorerVersion().equals(version)) {
                clear();
                throw new TryAgainException("replicas of version '" + other.getScorerVersion() + "' and '" + version
                        + "' answer behind this address; name the right one as version in the recipe");
            }
        }
    }

    private void failure(int member, ItemFailure failure) {
        String why = "member " + member + ": " + failure.getMessage();
        if (failure.getKind() == FailureKind.FAILURE_KIND_INVALID_ITEM) {
            if (!endpoint.getMayBeMissing() && !endpoint.getShadow()) {
                throw noScore(why);
            }
            unscorable.put(member, why);
        } else if (firstFailure == null) {
            firstFailure = why;
        }
    }

    /** Who breaks the contract once is not believed before either. */
    private LeaseFailedException broken(String what) {
        clear();
        return noScore(what);
    }

    private LeaseFailedException noScore(String why) {
        return LeaseFailedException.noScore(
                endpoint.getName(),
                "reward '" + endpoint.getName() + "' at " + endpoint.getTarget() + ": " + why,
                false);
    }
}
