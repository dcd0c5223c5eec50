package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LogsTest {

    @Test
    void ourWarningsAreShownAndNothingElse() {
        List<String> shown = new ArrayList<>();
        try (Logs.SafeCloseable warnings = Logs.warnings(shown::add)) {
            LoggerFactory.getLogger("dev.flowguard.rollout.Circuit").info("reward 'ocr' was asked");
            LoggerFactory.getLogger("dev.flowguard.rollout.Circuit").warn("reward '{}' does not answer", "ocr");
            LoggerFactory.getLogger("dev.flowguard.learner.Run")
                    .error("a group is dropped", new IllegalStateException());
            LoggerFactory.getLogger("io.netty").error("not ours");
        }
        LoggerFactory.getLogger("dev.flowguard.rollout.Circuit").warn("after its end");

        assertThat(shown).containsExactly("reward 'ocr' does not answer", "a group is dropped");
    }
}
