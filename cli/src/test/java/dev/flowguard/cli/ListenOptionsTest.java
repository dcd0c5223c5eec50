package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class ListenOptionsTest {

    private static List<String> arguments(@Nullable Integer port, String... options) {
        ListenOptions listen = new ListenOptions();
        new CommandLine(CommandLine.Model.CommandSpec.create()
                        .addMixin("listen", CommandLine.Model.CommandSpec.forAnnotatedObject(listen)))
                .parseArgs(options);
        return listen.arguments("flowguard.reward", port);
    }

    @Test
    void onlyThisMachineMayConnectUnlessTheUserSaysOtherwise() {
        assertThat(arguments(7070))
                .containsExactly(
                        "--server.address=127.0.0.1",
                        "--server.port=0",
                        "--spring.grpc.server.address=127.0.0.1",
                        "--spring.grpc.server.port=7070");
        assertThat(arguments(0, "--host", "0.0.0.0", "--http-port", "8070"))
                .containsExactly(
                        "--server.address=0.0.0.0",
                        "--server.port=8070",
                        "--spring.grpc.server.address=0.0.0.0",
                        "--spring.grpc.server.port=0");
    }

    @Test
    void aServiceThatCallsOthersAloneHasNoPortOfItsOwn() {
        assertThat(arguments(null)).containsExactly("--server.address=127.0.0.1", "--server.port=0");
    }

    @Test
    void settingsAreTheServicesUnlessTheyHaveARootOfTheirOwn() {
        assertThat(arguments(null, "--set", "workers=2", "--set", "ocr.padding=4"))
                .endsWith("--flowguard.reward.workers=2", "--flowguard.reward.ocr.padding=4");
        assertThat(arguments(null, "--set", "flowguard.reward.workers=2", "--set", "logging.level.root=debug"))
                .endsWith("--flowguard.reward.workers=2", "--logging.level.root=debug");
        // A setting whose name begins like a root is none.
        assertThat(arguments(null, "--set", "server-name=a=b")).endsWith("--flowguard.reward.server-name=a=b");
    }

    @Test
    void settingsWithoutAValueAreRefused() {
        assertThatThrownBy(() -> arguments(null, "--set", "workers")).isInstanceOf(ParameterException.class);
    }
}
