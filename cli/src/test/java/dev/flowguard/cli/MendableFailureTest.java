package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class MendableFailureTest {

    @Test
    void findsBadInputHoweverDeep() {
        Throwable wrapped = new IllegalStateException(
                "Error creating bean", new RuntimeException(new InputException("r.yaml: no such key 'lr'")));

        assertThat(MendableFailure.describe(wrapped)).hasValue("r.yaml: no such key 'lr'");
    }

    @Test
    void aBusyPortSaysWhichAndWhatToDo() {
        Throwable jdk = new IOException(
                "Failed to bind to address /127.0.0.1:7070", new BindException("Address already in use"));
        Throwable epoll = new IOException("bind(..) failed with error(-98): Address already in use");

        assertThat(MendableFailure.describe(jdk).orElseThrow()).contains("127.0.0.1:7070", "--port");
        assertThat(MendableFailure.describe(epoll).orElseThrow()).contains("--port");
    }

    @Test
    void aFullDiskSaysHowToGoOn() {
        Throwable full =
                new UncheckedIOException("cannot write out/metrics.jsonl", new IOException("No space left on device"));

        assertThat(MendableFailure.describe(full).orElseThrow())
                .contains("out/metrics.jsonl", "disk is full", "--resume");
    }

    @Test
    void filesThatAreNotThereOrNotOursAreNamed() {
        assertThat(MendableFailure.describe(new NoSuchFileException("recipes/x.yaml")))
                .hasValue("recipes/x.yaml: no such file or folder; check the path");
        assertThat(MendableFailure.describe(new AccessDeniedException("/root/out"))
                        .orElseThrow())
                .startsWith("/root/out: permission denied");
    }

    @Test
    void aDefectIsNotTheCallersFault() {
        assertThat(MendableFailure.describe(new IllegalStateException("INVARIANT broken")))
                .isEmpty();
    }

    @Test
    void oneFailureIsOneLine() {
        assertThat(MendableFailure.describe(new InputException("first\n  second\r\nthird\n")))
                .hasValue("first second third");
    }
}
