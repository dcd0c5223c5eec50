package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchScriptTest {

    private static final Compute COMPUTE = Compute.on(Device.cpu());

    private final Path folder;

    TorchScriptTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void givesADictionaryByItsKeysAndATupleByItsPlaces() {
        COMPUTE.inference(() -> {
            Tensor input = Tensor.of(Device.cpu(), new float[] {1, 2}, 2);
            try (TorchScript dictionary = load("dictionary");
                    TorchScript tuple = load("tuple")) {
                Map<String, Tensor> named = dictionary.forward(input, List.of("unused"));
                assertThat(named).containsOnlyKeys("double", "whole");
                assertThat(get(named, "double").toFloats()).containsExactly(2, 4);
                assertThat(get(named, "whole").dtype()).isEqualTo(DType.INT64);
                Map<String, Tensor> placed = tuple.forward(input, List.of("first"));
                assertThat(placed).containsOnlyKeys("first");
                assertThat(get(placed, "first").toFloats()).containsExactly(3, 6);
            }
            return true;
        });
    }

    @Test
    void recordsNothingForBackward() {
        COMPUTE.inference(() -> {
            try (TorchScript dictionary = load("dictionary")) {
                Tensor input = Tensor.of(Device.cpu(), new float[] {1}, 1).requireGradient();
                assertThat(get(dictionary.forward(input, List.of()), "double").inGraph())
                        .isFalse();
            }
            return true;
        });
    }

    @Test
    void whatItFailsOnIsOneLine() {
        COMPUTE.inference(() -> {
            try (TorchScript failing = load("failing")) {
                assertThatThrownBy(() -> failing.forward(Tensor.zeros(Device.cpu(), DType.FLOAT32, 2), List.of()))
                        .isInstanceOf(InputException.class)
                        .hasMessageMatching("failing.pt failed on FLOAT32\\[2] on cpu: .*size 2.*");
            }
            return true;
        });
    }

    @Test
    void refusesWhatItCannotRun() throws IOException {
        Path text = Files.writeString(folder.resolve("text.pt"), "no archive");
        for (Path file : List.of(folder.resolve("missing.pt"), text)) {
            assertThatThrownBy(() -> TorchScript.load(file, Device.cpu()))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageNotContaining("\n");
        }
        assertThatThrownBy(() -> load("foreign"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("torchvision::nms")
                .hasMessageNotContaining("\n");
    }

    private static Tensor get(Map<String, Tensor> tensors, String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    /** Of the module's source {@code torchscript/NAME.py}. */
    private TorchScript load(String name) {
        try {
            Path file = folder.resolve(name + ".pt");
            Files.write(file, TorchScriptArchive.ofModule("Network", "torchscript/" + name + ".py"));
            return TorchScript.load(file, Device.cpu());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
