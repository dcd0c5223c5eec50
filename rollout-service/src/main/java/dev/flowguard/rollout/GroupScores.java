package dev.flowguard.rollout;

import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.MissingScores;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What all endpoints said about one group.
 *
 * @param scores each member's, one an endpoint that scored it, in the endpoints' order
 * @param shadowScores each member's by shadow endpoints, likewise
 * @param missing scores that may be missing and are
 */
record GroupScores(List<List<MemberScore>> scores, List<List<MemberScore>> shadowScores, List<MissingScores> missing) {

    GroupScores {
        scores = List.copyOf(scores);
        shadowScores = List.copyOf(shadowScores);
        missing = List.copyOf(missing);
    }

    static GroupScores of(int members, List<EndpointScores> endpoints) {
        return new GroupScores(
                byMember(members, endpoints, false),
                byMember(members, endpoints, true),
                endpoints.stream()
                        .map(EndpointScores::missing)
                        .flatMap(Optional::stream)
                        .toList());
    }

    private static List<List<MemberScore>> byMember(int members, List<EndpointScores> endpoints, boolean shadow) {
        return IntStream.range(0, members)
                .mapToObj(member -> endpoints.stream()
                        .filter(scores -> scores.endpoint().getShadow() == shadow)
                        .map(scores -> scores.byMember().get(member))
                        .filter(Objects::nonNull)
                        .toList())
                .toList();
    }
}
