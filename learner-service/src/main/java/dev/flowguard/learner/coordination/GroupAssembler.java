package dev.flowguard.learner.coordination;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.flowguard.learner.coordination.ScoredMember.StoredTransition;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.MemberImage;
import dev.flowguard.proto.v1.MemberResult;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.SamplingTimes;
import dev.flowguard.proto.v1.Table;
import dev.flowguard.proto.v1.TableRows;
import dev.flowguard.proto.v1.Transition;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts a scored group together from its parts. Nothing that the worker says is believed: sizes follow from the lease and the
 * run's settings, every index is checked before it is used and every number must be finite.
 *
 * <p>Not thread-safe; one call of SubmitGroup owns it.
 */
final class GroupAssembler {
    private static final int MAX_IMAGE_BYTES = 32 << 20;
    private static final byte[] PNG_SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private final GroupSpec spec;
    private final GroupHeader header;
    private final Expectation expectation;
    private final RowTable latents;
    private final RowTable means;
    private final MemberResult[] results;
    // INVARIANT: all members of a group are scored by one version of each scorer.
    private final Map<String, String> versions = new HashMap<>();
    private final @Nullable ByteString[] images;

    /**
     * What a group looks like.
     *
     * @param latentShape {@code [C, H, W]}
     * @param rewards who scores it
     */
    record Expectation(List<Long> latentShape, List<RewardEndpoint> rewards) {
        boolean knows(String reward, boolean shadow) {
            return rewards.stream()
                    .anyMatch(endpoint ->
                            endpoint.getShadow() == shadow && endpoint.getName().equals(reward));
        }

        /** Rewards that every member of a training group must have. */
        List<String> required() {
            return rewards.stream()
                    .filter(endpoint -> endpoint.getTrain() && !endpoint.getMayBeMissing() && !endpoint.getShadow())
                    .map(RewardEndpoint::getName)
                    .toList();
        }

        int elements() {
            long elements = 1;
            for (long size : latentShape) {
                elements = Math.multiplyExact(elements, size);
            }
            return Math.toIntExact(elements);
        }
    }

    GroupAssembler(GroupSpec spec, GroupHeader header, Expectation expectation) throws RefusedGroupException {
        this.spec = spec;
        this.header = header;
        this.expectation = expectation;
        int transitions = Math.toIntExact(spec.layout().tuples());
        checkLatentShape();
        this.latents = new RowTable("latents", header.getLatentRows(), 2 * transitions, expectation.elements());
        this.means = new RowTable("means", header.getMeanRows(), transitions, expectation.elements());
        this.results = checkedResults();
        checkMissing();
        this.images = new ByteString[spec.members().size()];
    }

    private void checkLatentShape() throws RefusedGroupException {
        List<Long> expected = spec.training() ? expectation.latentShape() : List.of();
        if (!header.getLatentShapeList().equals(expected)) {
            throw new RefusedGroupException(
                    "latent_shape is " + header.getLatentShapeList() + ", this run's is " + expected);
        }
    }

    private MemberResult[] checkedResults() throws RefusedGroupException {
        int size = spec.members().size();
        if (header.getMembersCount() != size) {
            throw new RefusedGroupException("it has " + header.getMembersCount() + " members, the lease has " + size);
        }
        MemberResult[] ordered = new MemberResult[size];
        for (MemberResult result : header.getMembersList()) {
            int index = result.getMemberIndex();
            if (index < 0 || index >= size || ordered[index] != null) {
                throw new RefusedGroupException(
                        "member_index " + Integer.toUnsignedString(index) + " is out of range or appears twice");
            }
            ordered[index] = result;
            checkTransitions(result);
            checkScores(result);
        }
        return ordered;
    }

    private void checkMissing() throws RefusedGroupException {
        for (dev.flowguard.proto.v1.MissingScores missing : header.getMissingList()) {
            int members = missing.getMembers();
            if (!expectation.knows(missing.getEndpoint(), missing.getShadow())
                    || members < 1
                    || members > spec.members().size()) {
                throw new RefusedGroupException("it misses " + Integer.toUnsignedString(members)
                        + " scores of an unknown reward '" + missing.getEndpoint() + "', or an impossible number");
            }
        }
    }

    private void checkTransitions(MemberResult result) throws RefusedGroupException {
        List<Integer> steps =
                result.getTransitionsList().stream().map(Transition::getStep).toList();
        List<Integer> wanted =
                spec.layout().paths().get(result.getMemberIndex()).trainedSteps();
        if (!steps.equals(wanted)) {
            throw new RefusedGroupException("member " + result.getMemberIndex() + " has transitions at steps " + steps
                    + ", the lease asked for " + wanted);
        }
        for (Transition transition : result.getTransitionsList()) {
            latents.checkRow(transition.getFromLatent());
            latents.checkRow(transition.getToLatent());
            means.checkRow(transition.getMean());
        }
    }

    private void checkScores(MemberResult result) throws RefusedGroupException {
        Set<String> seen = checkScores(result, result.getScoresList(), false);
        checkScores(result, result.getShadowScoresList(), true);
        if (spec.training()) {
            for (String reward : expectation.required()) {
                if (!seen.contains(reward)) {
                    throw new RefusedGroupException(
                            "member " + result.getMemberIndex() + " has no score '" + reward + "'");
                }
            }
        }
    }

    private Set<String> checkScores(MemberResult result, List<MemberScore> scores, boolean shadow)
            throws RefusedGroupException {
        Set<String> seen = new HashSet<>();
        for (MemberScore score : scores) {
            String who = "member " + result.getMemberIndex() + " has ";
            if (!expectation.knows(score.getEndpoint(), shadow) || !seen.add(score.getEndpoint())) {
                throw new RefusedGroupException(who + "an unknown or repeated score '" + score.getEndpoint() + "'");
            }
            if (!Double.isFinite(score.getValue())) {
                throw new RefusedGroupException(who + "a score '" + score.getEndpoint() + "' of " + score.getValue());
            }
            String version = score.getScorerVersion();
            String other = versions.putIfAbsent((shadow ? "shadow " : "") + score.getEndpoint(), version);
            if (other != null && !other.equals(version)) {
                throw new RefusedGroupException(who + "a score '" + score.getEndpoint() + "' by version " + version
                        + ", another member by version " + other);
            }
        }
        return seen;
    }

    void add(TableRows rows) throws RefusedGroupException {
        if (rows.getTable() == Table.TABLE_LATENTS) {
            latents.add(rows);
        } else if (rows.getTable() == Table.TABLE_MEANS) {
            means.add(rows);
        } else {
            throw new RefusedGroupException("rows of an unknown table " + rows.getTableValue());
        }
    }

    void add(MemberImage image) throws RefusedGroupException {
        int index = image.getMemberIndex();
        ByteString data = image.getImage().getData();
        if (!spec.returnImages() || index < 0 || index >= images.length || images[index] != null) {
            throw new RefusedGroupException(
                    "an image that was not asked for, of member " + Integer.toUnsignedString(index));
        }
        if (data.size() > MAX_IMAGE_BYTES || !data.startsWith(ByteString.copyFrom(PNG_SIGNATURE))) {
            throw new RefusedGroupException(
                    "the image of member " + index + " is no PNG or has " + data.size() + " bytes");
        }
        images[index] = data;
    }

    /** The whole group. */
    ScoredGroup finish() throws RefusedGroupException {
        List<ScoredMember> members = new ArrayList<>();
        for (int index = 0; index < results.length; index++) {
            ByteString image = images[index];
            if (spec.returnImages() && image == null) {
                throw new RefusedGroupException("the image of member " + index + " is missing");
            }
            members.add(new ScoredMember(
                    spec.members().get(index),
                    transitions(results[index]),
                    scores(results[index].getScoresList()),
                    scores(results[index].getShadowScoresList()),
                    image));
        }
        return new ScoredGroup(
                spec,
                header.getPolicyVersion(),
                header.getWorkerId(),
                header.getLatentShapeList(),
                latents.finish(),
                means.finish(),
                members,
                header.getMissingList().stream()
                        .map(missing -> new MissingScores(
                                missing.getEndpoint(), missing.getMembers(), missing.getReason(), missing.getShadow()))
                        .toList(),
                times(header.getTimes()));
    }

    private static List<StoredTransition> transitions(MemberResult result) {
        return result.getTransitionsList().stream()
                .map(t -> new StoredTransition(t.getStep(), t.getFromLatent(), t.getToLatent(), t.getMean()))
                .toList();
    }

    private static Map<String, Score> scores(List<MemberScore> reported) {
        Map<String, Score> scores = new HashMap<>();
        for (MemberScore score : reported) {
            scores.put(
                    score.getEndpoint(),
                    new Score(score.getValue(), score.getScorerId(), score.getScorerVersion(), score.getNotesMap()));
        }
        return scores;
    }

    private static ScoredGroup.Times times(SamplingTimes times) {
        return new ScoredGroup.Times(seconds(times.getSample()), seconds(times.getDecode()), seconds(times.getScore()));
    }

    private static double seconds(Duration duration) {
        return duration.getSeconds() + duration.getNanos() * 1e-9;
    }

    /** A table that fills from its first row to its last. */
    private static final class RowTable {
        private final String name;
        private final int elements;
        private final float[][] rows;
        private int filled;

        RowTable(String name, int announcedRows, int maxRows, int elements) throws RefusedGroupException {
            // uint32 arrives as a signed int: a negative number is a huge one.
            if (announcedRows < 0 || announcedRows > maxRows) {
                throw new RefusedGroupException("it announces " + Integer.toUnsignedString(announcedRows) + " rows of "
                        + name + ", the lease has room for " + maxRows);
            }
            this.name = name;
            this.elements = elements;
            this.rows = new float[announcedRows][];
        }

        void checkRow(int row) throws RefusedGroupException {
            if (row < 0 || row >= rows.length) {
                throw new RefusedGroupException("a transition names row " + Integer.toUnsignedString(row) + " of the "
                        + rows.length + " " + name);
            }
        }

        void add(TableRows part) throws RefusedGroupException {
            int rowBytes = elements * Float.BYTES;
            int bytes = part.getData().size();
            if (part.getFirstRow() != filled
                    || bytes == 0
                    || bytes % rowBytes != 0
                    || bytes / rowBytes > rows.length - filled) {
                throw new RefusedGroupException(bytes + " bytes of " + name + " at row "
                        + Integer.toUnsignedString(part.getFirstRow()) + " where row " + filled + " of " + rows.length
                        + " comes next, " + rowBytes + " bytes a row");
            }
            FloatBuffer values = ByteBuffer.wrap(part.getData().toByteArray())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer();
            while (values.hasRemaining()) {
                float[] row = new float[elements];
                values.get(row);
                checkFinite(row);
                rows[filled++] = row;
            }
        }

        private void checkFinite(float[] row) throws RefusedGroupException {
            for (float value : row) {
                if (!Float.isFinite(value)) {
                    throw new RefusedGroupException("row " + filled + " of the " + name + " holds " + value);
                }
            }
        }

        List<float[]> finish() throws RefusedGroupException {
            if (filled != rows.length) {
                throw new RefusedGroupException("only " + filled + " of " + rows.length + " rows of " + name + " came");
            }
            return List.of(rows);
        }
    }
}
