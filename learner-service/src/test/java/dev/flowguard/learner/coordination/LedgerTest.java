package dev.flowguard.learner.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.proto.v1.Purpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
    private static ScoredGroup group(long id, int iteration) {
        MemberSeeds seeds = new MemberSeeds(Prompt.of("prompt"), 1, 2);
        return new ScoredGroup(
                new GroupSpec(
                        id,
                        iteration,
                        Purpose.PURPOSE_TRAINING,
                        List.of(seeds),
                        GroupLayout.ofChains(1, List.of()),
                        false),
                iteration,
                "w",
                List.of(),
                List.of(),
                List.of(),
                List.of(new ScoredMember(seeds, List.of(), Map.of(), null)),
                List.of(),
                new ScoredGroup.Times(0, 0, 0));
    }

    @Test
    void resumingForgetsTheGroupsThatWereNotTrainedOnAndATornLine(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("ledger.jsonl");
        try (Ledger ledger = Ledger.open(file, 0)) {
            assertThat(ledger.commit(group(0, 0))).isTrue();
            assertThat(ledger.commit(group(1, 1))).isTrue();
            assertThat(ledger.commit(group(1, 1))).isFalse();
        }
        Files.writeString(file, "{\"group\":2,\"itera", StandardOpenOption.APPEND);

        try (Ledger ledger = Ledger.open(file, 1)) {
            assertThat(ledger.contains(0)).isTrue();
            assertThat(ledger.contains(1)).isFalse();
            assertThat(ledger.commit(group(1, 1))).isTrue();
        }
        assertThat(Files.readAllLines(file)).hasSize(2).allSatisfy(line -> assertThat(line)
                .endsWith("}"));
    }
}
