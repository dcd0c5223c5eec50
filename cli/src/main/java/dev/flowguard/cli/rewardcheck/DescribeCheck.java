package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DescribeResponse;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import io.grpc.Deadline;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Describe is sound, and says the same when it is asked again. */
final class DescribeCheck implements EndpointCheck {

    private static final Pattern ID = Pattern.compile("[a-z0-9-]+");
    private static final int SHA256_BYTES = 32;

    @Override
    public String name() {
        return "describe";
    }

    @Override
    public Finding examine(Endpoint endpoint, Deadline deadline) throws Fault {
        DescribeResponse response = endpoint.describe(deadline);
        if (response.getScorersCount() == 0) {
            throw new Fault("it names no scorer", "answer Describe with one ScorerDescription a scorer");
        }
        Set<String> ids = new HashSet<>();
        for (ScorerDescription scorer : response.getScorersList()) {
            examine(scorer);
            if (!ids.add(scorer.getScorerId())) {
                throw new Fault(
                        "two scorers have the id '%s'".formatted(scorer.getScorerId()), "give every scorer its own");
            }
        }
        if (!endpoint.describe(deadline).equals(response)) {
            throw new Fault(
                    "two calls of Describe had different answers",
                    "a description may not change while the process lives; start a process of a new version instead");
        }
        return Finding.ok(
                name(),
                response.getScorersList().stream()
                        .map(scorer -> "%s, version %s, wants %s"
                                .formatted(scorer.getScorerId(), scorer.getVersion(), inputs(scorer)))
                        .collect(Collectors.joining("; ")));
    }

    private static void examine(ScorerDescription scorer) throws Fault {
        String id = scorer.getScorerId();
        require(ID.matcher(id).matches(), "the scorer_id '%s' does not match %s".formatted(id, ID), "rename it");
        require(
                !scorer.getVersion().isBlank(),
                id + " has no version",
                "set version, and change it whenever any score changes");
        int digest = scorer.getWeightsSha256().size();
        require(
                digest == 0 || digest == SHA256_BYTES,
                "%s has a weights_sha256 of %d bytes".formatted(id, digest),
                "send the 32 bytes of the digest, not its hexadecimal digits, or none");
        List<ScorerInput> inputs = scorer.getInputsList();
        require(
                !inputs.isEmpty()
                        && !inputs.contains(ScorerInput.SCORER_INPUT_UNSPECIFIED)
                        && !inputs.contains(ScorerInput.UNRECOGNIZED)
                        && new HashSet<>(inputs).size() == inputs.size(),
                id + " wants the inputs " + inputs,
                "name each input that the scorer needs once; callers send exactly those");
        require(
                scorer.getArity() == Arity.ARITY_POINTWISE || scorer.getArity() == Arity.ARITY_GROUPWISE,
                id + " has no arity",
                "set ARITY_POINTWISE, or ARITY_GROUPWISE where a score depends on the other members of its group");
        double min = scorer.hasRangeMin() ? scorer.getRangeMin() : Double.NEGATIVE_INFINITY;
        double max = scorer.hasRangeMax() ? scorer.getRangeMax() : Double.POSITIVE_INFINITY;
        require(
                min < max && min < Double.POSITIVE_INFINITY && max > Double.NEGATIVE_INFINITY,
                "%s has scores from %s to %s".formatted(id, min, max),
                "set range_min below range_max, and leave out the side that is unbounded");
        require(
                scorer.getMaxImageBytes() >= 0,
                id + " has a max_image_bytes of " + scorer.getMaxImageBytes(),
                "set the largest file that is accepted, or 0");
        require(
                !scorer.getImageFormatsList().contains(ImageFormat.IMAGE_FORMAT_UNSPECIFIED),
                id + " takes images of an unspecified format",
                "name IMAGE_FORMAT_RGB8 in image_formats, or leave it empty: PNG is always meant");
    }

    private static String inputs(ScorerDescription scorer) {
        return scorer.getInputsList().stream()
                .map(input -> input.name().replace("SCORER_INPUT_", "").toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(" and "));
    }

    private static void require(boolean holds, String text, String mend) throws Fault {
        if (!holds) {
            throw new Fault(text, mend);
        }
    }
}
