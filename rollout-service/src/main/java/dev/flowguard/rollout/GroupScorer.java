package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberScore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** Has a group scored by every endpoint of the run that its purpose calls for, all at once. Thread-safe. */
final class GroupScorer {

    private final List<ScorerClient> endpoints;
    private final ExecutorService executor;

    /** @param executor runs one task a group and endpoint; the caller's bound on groups is its bound */
    GroupScorer(List<ScorerClient> endpoints, ExecutorService executor) {
        this.endpoints = List.copyOf(endpoints);
        this.executor = executor;
    }

    /**
     * Each member's scores, one from every endpoint that was asked, in the endpoints' order.
     *
     * @throws LeaseFailedException where a single score is missing; the other endpoints' calls are cancelled
     */
    List<List<MemberScore>> score(Lease lease, SampledGroup group) throws InterruptedException {
        List<Future<List<MemberScore>>> asked = endpoints.stream()
                .filter(endpoint -> endpoint.scores(lease))
                .map(endpoint -> executor.submit(() -> endpoint.score(lease, group)))
                .toList();
        try {
            List<List<MemberScore>> byEndpoint = new ArrayList<>();
            for (Future<List<MemberScore>> scores : asked) {
                byEndpoint.add(result(scores));
            }
            return IntStream.range(0, lease.getMembersCount())
                    .mapToObj(member -> byEndpoint.stream()
                            .map(scores -> scores.get(member))
                            .toList())
                    .toList();
        } finally {
            asked.forEach(scores -> scores.cancel(true));
        }
    }

    private static List<MemberScore> result(Future<List<MemberScore>> scores) throws InterruptedException {
        try {
            return scores.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
