package dev.flowguard.rollout;

import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.MissingScores;
import dev.flowguard.proto.v1.RewardEndpoint;
import java.util.Map;
import java.util.Optional;

/**
 * What one endpoint said about one group.
 *
 * @param endpoint who was asked
 * @param members how many members the group has
 * @param byMember the scores that there are
 * @param shortfall why others are missing; empty where none is
 */
record EndpointScores(RewardEndpoint endpoint, int members, Map<Integer, MemberScore> byMember, String shortfall) {

    EndpointScores {
        byMember = Map.copyOf(byMember);
    }

    Optional<MissingScores> missing() {
        int missing = members - byMember.size();
        return missing == 0
                ? Optional.empty()
                : Optional.of(MissingScores.newBuilder()
                        .setEndpoint(endpoint.getName())
                        .setMembers(missing)
                        .setReason(shortfall)
                        .setShadow(endpoint.getShadow())
                        .build());
    }
}
