package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.RewardEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/** Has a group scored by every endpoint that its lease and purpose call for, all at once. Thread-safe. */
final class GroupScorer {

    private final List<RewardEndpoint> runs;
    private final ScorerClients clients;
    private final ExecutorService executor;

    /**
     * @param runs the run's endpoints, for leases that name none
     * @param executor runs one task a group and endpoint; the caller's bound on groups is its bound
     */
    GroupScorer(List<RewardEndpoint> runs, ScorerClients clients, ExecutorService executor) {
        this.runs = List.copyOf(runs);
        this.clients = clients;
        this.executor = executor;
    }

    /**
     * The group's scores: all of those that must be there.
     *
     * @throws LeaseFailedException where a single one of these is missing; the other endpoints' calls are cancelled
     */
    GroupScores score(Lease lease, SampledGroup group) throws InterruptedException {
        List<RewardEndpoint> endpoints = lease.getRewardsCount() == 0 ? runs : lease.getRewardsList();
        List<Future<EndpointScores>> asked = endpoints.stream()
                .map(clients::of)
                .filter(client -> client.scores(lease))
                .map(client -> executor.submit(() -> client.score(lease, group)))
                .toList();
        try {
            List<EndpointScores> scores = new ArrayList<>();
            for (Future<EndpointScores> one : asked) {
                scores.add(result(one));
            }
            return GroupScores.of(lease.getMembersCount(), scores);
        } finally {
            asked.forEach(scores -> scores.cancel(true));
        }
    }

    private static EndpointScores result(Future<EndpointScores> scores) throws InterruptedException {
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
