package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

    private static final Device CPU = Device.cpu();
    private static final long GIB = 1L << 30;

    private final Path folder;

    SafetensorsTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void readsEveryTypeThatPythonWrites() throws IOException {
        Path file = folder.resolve("types.safetensors");
        Files.write(file, Golden.bytes("types.safetensors"));
        try (SafetensorsFile safetensors = SafetensorsFile.open(file);
                Scope scope = Scope.open()) {
            assertThat(safetensors.names())
                    .containsExactlyInAnyOrder(
                            "f32", "f64", "f16", "bf16", "i64", "i32", "u8", "bool", "scalar", "empty");
            assertThat(safetensors.metadata()).containsEntry("format", "pt").containsEntry("grüße", "ünïcödé");
            assertThat(safetensors.read("f32", CPU).toFloats()).containsExactly(1.5f, -2.25f, 3e-5f);
            assertThat(safetensors.read("f64", CPU).toDoubles()).containsExactly(1.5, -2.25, 3e-5);
            assertThat(safetensors.read("f16", CPU).toFloats()).containsExactly(1.5f, -2.25f, .125f);
            assertThat(safetensors.read("bf16", CPU).toFloats()).containsExactly(1.5f, -2.25f, .125f);
            assertThat(safetensors.read("i64", CPU).toLongs()).containsExactly(1, -2, 3, 1L << 40);
            assertThat(safetensors.read("i32", CPU).toLongs()).containsExactly(0, 1, 2, 5);
            assertThat(safetensors.read("u8", CPU).toLongs()).containsExactly(0, 1, 2, 5, 255);
            assertThat(safetensors.read("bool", CPU).toLongs()).containsExactly(1, 0, 1);
            assertThat(safetensors.read("scalar", CPU).shape()).isEmpty();
            assertThat(safetensors.read("scalar", CPU).item()).isEqualTo(7);
            assertThat(safetensors.read("empty", CPU).shape()).containsExactly(0, 3);
            assertThat(safetensors.info("bf16")).satisfies(info -> {
                assertThat(info.dtype()).isEqualTo(DType.BFLOAT16);
                assertThat(info.sizes()).containsExactly(3);
                assertThat(info.byteCount()).isEqualTo(6);
            });
        }
    }

    /** Byte for byte: what Python wrote and we read and wrote is what Python wrote, up to the order of the metadata. */
    @Test
    void writesWhatPythonWrites() {
        byte[] golden = Golden.bytes("operations.safetensors");
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = Safetensors.decode(ByteBuffer.wrap(golden), CPU);
            assertThat(Safetensors.encode(tensors, Map.of())).isEqualTo(golden);
        }
    }

    @Test
    void fileAndMessageHoldTheSameBytesInWhateverOrder() throws IOException {
        Path file = folder.resolve("new/folder/out.safetensors");
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put("z", Tensor.ones(CPU, DType.BOOL, 3));
            tensors.put(
                    "b", Tensor.of(CPU, new float[] {1, 2, 3, 4, 5, 6}, 2, 3).transpose(0, 1));
            tensors.put("a", Tensor.full(CPU, 2, DType.BFLOAT16, 5));
            Map<String, Tensor> reversed = new LinkedHashMap<>();
            for (String name : List.of("a", "b", "z")) {
                reversed.put(name, tensors.getOrDefault(name, tensors.get("a")));
            }
            Map<String, String> metadata =
                    Map.of("lora_adapter_metadata", "{\"r\": 8, \"text\": \"\\u00e9\"}", "x", "");
            Safetensors.write(file, tensors, metadata);
            byte[] bytes = Files.readAllBytes(file);
            assertThat(Safetensors.encode(reversed, metadata)).isEqualTo(bytes);
            long headerLength =
                    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
            assertThat(headerLength % 8).isZero();
            try (SafetensorsFile read = SafetensorsFile.open(file)) {
                assertThat(read.metadata()).isEqualTo(metadata);
                assertThat(read.names()).containsExactly("b", "a", "z");
                assertThat(read.read("b", CPU).toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
                assertThat(read.read("b", CPU).shape()).containsExactly(3, 2);
                assertThat(read.read("a", CPU).toFloats()).containsOnly(2);
            }
        }
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNothingElse() throws IOException {
        Path file = folder.resolve("weights.safetensors");
        try (Scope scope = Scope.open()) {
            Safetensors.write(file, Map.of("w", Tensor.ones(CPU, DType.FLOAT32, 4)), Map.of());
            byte[] before = Files.readAllBytes(file);
            Tensor closed = Tensor.ones(CPU, DType.FLOAT32, 4);
            assertThatThrownBy(() -> AtomicFile.write(file, channel -> {
                        channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
                        throw new IOException("No space left on device");
                    }))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("weights.safetensors")
                    .hasMessageContaining("No space left on device");
            closed.close();
            assertThatThrownBy(() -> Safetensors.write(file, Map.of("w", closed), Map.of()))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(Files.readAllBytes(file)).isEqualTo(before);
            try (Stream<Path> files = Files.list(folder)) {
                assertThat(files).containsExactly(file);
            }
        }
    }

    @Test
    void aFolderThatIsAFileIsTheUsersMistake() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatThrownBy(() -> AtomicFile.write(file.resolve("out"), new byte[0]))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(file.toString());
    }

    /** Five GiB, of which nearly all is a hole that takes no disk: offsets beyond an int, and a map per tensor. */
    @Test
    void readsBeyondTwoAndFourGib() throws IOException {
        Path file = folder.resolve("sparse.safetensors");
        String json = "{\"big\":{\"dtype\":\"U8\",\"shape\":[" + 5 * GIB + "],\"data_offsets\":[0," + 5 * GIB + "]},"
                + "\"tail\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" + 5 * GIB + "," + (5 * GIB + 8)
                + "]}}";
        byte[] header = framed(json.getBytes(StandardCharsets.UTF_8));
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(header), 0);
            ByteBuffer tail = ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(1.5f)
                    .putFloat(-2);
            channel.write(tail.flip(), header.length + 5 * GIB);
        }
        try (SafetensorsFile safetensors = SafetensorsFile.open(file);
                Scope scope = Scope.open()) {
            assertThat(safetensors.info("big").byteCount()).isEqualTo(5 * GIB);
            assertThat(safetensors.read("tail", CPU).toFloats()).containsExactly(1.5f, -2);
        }
    }

    /** What takes several maps in earnest takes them here with pieces of 16 bytes. */
    @Test
    void largeTensorsAreCopiedInPieces() {
        try (Scope scope = Scope.open()) {
            Tensor tensor = Noise.standardNormal(CPU, 1, 1, 3, 7).transpose(0, 1);
            List<Integer> sizes = new ArrayList<>();
            ByteBuffer joined = ByteBuffer.allocate(84).order(ByteOrder.LITTLE_ENDIAN);
            HostMemory.pieces(tensor, 16, piece -> {
                sizes.add(piece.remaining());
                joined.put(piece);
            });
            assertThat(sizes).containsExactly(16, 16, 16, 16, 16, 4);
            assertThat(joined.array()).isEqualTo(tensor.toBytes());
            Tensor copy = HostMemory.allocate(DType.FLOAT32, 7, 3);
            joined.flip();
            HostMemory.pieces(copy, 16, piece -> {
                while (piece.hasRemaining()) {
                    piece.put(joined.get());
                }
            });
            assertThat(copy.toFloats()).isEqualTo(tensor.toFloats());
        }
    }

    @Test
    void missingFilesAndNamesAreTheUsersMistake() throws IOException {
        Path missing = folder.resolve("missing.safetensors");
        assertThatThrownBy(() -> SafetensorsFile.open(missing))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(missing.toString());
        assertThatThrownBy(() -> SafetensorsFile.open(folder)).isInstanceOf(InputException.class);
        Path file = folder.resolve("types.safetensors");
        Files.write(file, Golden.bytes("types.safetensors"));
        try (SafetensorsFile safetensors = SafetensorsFile.open(file)) {
            assertThatThrownBy(() -> safetensors.read("absent", CPU))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("absent")
                    .hasMessageContaining(file.toString());
        }
    }

    /** The prefix and the JSON. */
    static byte[] framed(byte[] json) {
        return ByteBuffer.allocate(8 + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }
}
