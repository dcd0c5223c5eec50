package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberImage;
import dev.flowguard.proto.v1.MemberResult;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.SamplingTimes;
import dev.flowguard.proto.v1.Table;
import dev.flowguard.proto.v1.TableRows;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A scored group in pieces for the wire: the header, the rows of its tables in messages below the limit, the images where
 * the lease asks for them. Pieces share the group's bytes.
 */
final class GroupParts {

    /** Half of gRPC's default message limit of 4 MiB; a single row may be larger and then travels alone. */
    static final int MAX_ROWS_BYTES = 2_000_000;

    private GroupParts() {}

    static Iterator<GroupPart> of(ScoredGroup scored, String workerId, ByteString sigmasSha256) {
        SampledGroup group = scored.group();
        Stream<GroupPart> header = Stream.of(GroupPart.newBuilder()
                .setHeader(header(scored, workerId, sigmasSha256))
                .build());
        Stream<GroupPart> latents = rows(Table.TABLE_LATENTS, group.latents());
        Stream<GroupPart> means = rows(Table.TABLE_MEANS, group.means());
        Stream<GroupPart> images = scored.lease().getReturnImages() ? images(group) : Stream.empty();
        return Stream.of(header, latents, means, images).flatMap(part -> part).iterator();
    }

    private static GroupHeader header(ScoredGroup scored, String workerId, ByteString sigmasSha256) {
        Lease lease = scored.lease();
        SampledGroup group = scored.group();
        GroupHeader.Builder header = GroupHeader.newBuilder()
                .setLeaseId(lease.getLeaseId())
                .setGroupId(lease.getGroupId())
                .setWorkerId(workerId)
                .setPolicyVersion(scored.policy().version())
                .setAdapterSha256(scored.policy().sha256())
                .setSigmasSha256(sigmasSha256)
                .setLatentRows(group.latents().size())
                .setMeanRows(group.means().size())
                .addAllMissing(scored.scores().missing())
                .setTimes(SamplingTimes.newBuilder()
                        .setSample(WireDuration.write(group.sampleTime()))
                        .setDecode(WireDuration.write(group.decodeTime()))
                        .setScore(WireDuration.write(scored.scoreTime())));
        if (lease.getPurpose() == Purpose.PURPOSE_TRAINING) {
            header.addAllLatentShape(group.latentShape());
        }
        for (int member = 0; member < lease.getMembersCount(); member++) {
            header.addMembers(MemberResult.newBuilder()
                    .setMemberIndex(member)
                    .addAllTransitions(group.transitions().get(member))
                    .addAllScores(scored.scores().scores().get(member))
                    .addAllShadowScores(scored.scores().shadowScores().get(member)));
        }
        return header.build();
    }

    private static Stream<GroupPart> rows(Table table, List<ByteString> rows) {
        if (rows.isEmpty()) {
            return Stream.empty();
        }
        int rowsAMessage = Math.max(1, MAX_ROWS_BYTES / rows.get(0).size());
        return IntStream.iterate(0, first -> first < rows.size(), first -> first + rowsAMessage)
                .mapToObj(first -> GroupPart.newBuilder()
                        .setRows(TableRows.newBuilder()
                                .setTable(table)
                                .setFirstRow(first)
                                .setData(ByteString.copyFrom(
                                        rows.subList(first, Math.min(rows.size(), first + rowsAMessage)))))
                        .build());
    }

    private static Stream<GroupPart> images(SampledGroup group) {
        return IntStream.range(0, group.images().size()).mapToObj(member -> GroupPart.newBuilder()
                .setImage(MemberImage.newBuilder()
                        .setMemberIndex(member)
                        .setImage(group.images().get(member).png()))
                .build());
    }
}
