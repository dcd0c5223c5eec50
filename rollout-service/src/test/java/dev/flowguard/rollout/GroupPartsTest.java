package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.Table;
import dev.flowguard.proto.v1.TableRows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupPartsTest {

    private static final ByteString SIGMAS = ByteString.copyFromUtf8("digest of the sigmas");

    @Test
    void headerSaysWhatWasDrawnByWhom() {
        GroupHeader header =
                parts(Groups.lease(1).build(), Groups.sampled()).get(0).getHeader();

        assertThat(header.getSigmasSha256()).isEqualTo(SIGMAS);
        assertThat(header.getLatentShapeList()).containsExactly(1L, 2L, 2L);
        assertThat(header.getLatentRows()).isEqualTo(4);
        assertThat(header.getMeanRows()).isEqualTo(2);
        assertThat(header.getMembers(1).getMemberIndex()).isEqualTo(1);
        assertThat(header.getMembers(1).getTransitions(0).getToLatent()).isEqualTo(3);
        assertThat(WireDuration.read(header.getTimes().getSample())).isEqualTo(Duration.ofMillis(30));
        assertThat(WireDuration.read(header.getTimes().getDecode())).isEqualTo(Duration.ofMillis(20));
        assertThat(WireDuration.read(header.getTimes().getScore())).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void evaluationsCarryNoTrajectoryAndImagesOnlyWhereAsked() {
        SampledGroup drawn = Groups.sampled();
        SampledGroup evaluated = new SampledGroup(
                drawn.latentShape(),
                List.of(),
                List.of(),
                List.of(List.of(), List.of()),
                drawn.images(),
                drawn.finalLatents(),
                drawn.sampleTime(),
                drawn.decodeTime());
        Lease.Builder lease = Groups.lease(1).setPurpose(Purpose.PURPOSE_EVALUATION);

        List<GroupPart> without = parts(lease.build(), evaluated);
        List<GroupPart> with = parts(lease.setReturnImages(true).build(), evaluated);

        assertThat(without).hasSize(1);
        assertThat(without.get(0).getHeader().getLatentShapeList()).isEmpty();
        assertThat(with).hasSize(3);
        assertThat(with.get(2).getImage().getMemberIndex()).isEqualTo(1);
        assertThat(with.get(2).getImage().getImage()).isEqualTo(Groups.image(1).png());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 400_000, 999_999, 1_000_001, 2_500_000})
    void rowsTravelInOrderInWholeRowsBelowTheLimit(int rowBytes) {
        List<ByteString> latents = new ArrayList<>();
        for (int row = 0; row < 7; row++) {
            byte[] bytes = new byte[rowBytes];
            bytes[rowBytes - 1] = (byte) row;
            latents.add(ByteString.copyFrom(bytes));
        }
        SampledGroup drawn = Groups.sampled();
        SampledGroup large = new SampledGroup(
                drawn.latentShape(),
                latents,
                drawn.means(),
                drawn.transitions(),
                drawn.images(),
                drawn.finalLatents(),
                drawn.sampleTime(),
                drawn.decodeTime());

        List<TableRows> rows = parts(Groups.lease(1).build(), large).stream()
                .filter(part -> part.hasRows() && part.getRows().getTable() == Table.TABLE_LATENTS)
                .map(GroupPart::getRows)
                .toList();

        int next = 0;
        for (TableRows message : rows) {
            assertThat(message.getFirstRow()).isEqualTo(next);
            assertThat(message.getData().size() % rowBytes).isZero();
            assertThat(message.getData().size()).isLessThanOrEqualTo(Math.max(rowBytes, GroupParts.MAX_ROWS_BYTES));
            next += message.getData().size() / rowBytes;
        }
        assertThat(next).isEqualTo(7);
        assertThat(ByteString.copyFrom(rows.stream().map(TableRows::getData).toList()))
                .isEqualTo(ByteString.copyFrom(latents));
    }

    private static List<GroupPart> parts(Lease lease, SampledGroup group) {
        ScoredGroup scored = new ScoredGroup(
                lease,
                new BoundPolicy(1, Groups.row(9)),
                group,
                new GroupScores(
                        Collections.nCopies(
                                Groups.MEMBERS,
                                List.of(MemberScore.newBuilder().setValue(.5).build())),
                        Collections.nCopies(Groups.MEMBERS, List.of()),
                        List.of()),
                Duration.ofSeconds(2));
        List<GroupPart> parts = new ArrayList<>();
        GroupParts.of(scored, "worker-1", SIGMAS).forEachRemaining(parts::add);
        return parts;
    }
}
