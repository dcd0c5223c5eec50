package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which a header can lie ends with one line that names the file and the tensor, before memory is allocated. */
class SafetensorsHeaderTest {

    private static final Device CPU = Device.cpu();

    /** Each header is of a file with 8 bytes of data. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}                                       | 'w' needs 8 bytes
            {"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}                                       | 'w' reaches to byte 16 of 8
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}                                        | 'w' needs 8 bytes
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}                                       | 'w' has a size or offset out of range
            {"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}                                        | 'w' begins at byte 4
            {"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}                                        | cover 4 of 8 bytes
            {"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}} | 'w' begins at byte 4
            {"w":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}                      | impossible shape
            {"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}                    | impossible shape
            {"w":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}                      | 'w' has a size or offset out of range
            {"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}                                       | 'w' has a size or offset out of range
            {"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}                                      | 'w' is malformed
            {"w":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}                                      | 'w' is malformed
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}                                          | 'w' needs dtype, shape and two data_offsets
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}                                      | 'w' has more than 2
            {"w":{"dtype":"F32","shape":[2]}}                                                             | 'w' needs dtype, shape and two data_offsets
            {"w":{"shape":[2],"data_offsets":[0,8]}}                                                      | 'w' needs dtype, shape and two data_offsets
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}                               | unknown field 'more'
            {"w":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}                                    | 'w' has the type 'F8_E4M3', which is not supported
            {"w":{"dtype":7,"shape":[8],"data_offsets":[0,8]}}                                            | 'w' is malformed
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} | Duplicate
            {"__metadata__":{"a":1},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}                 | malformed
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} 1                                      | malformed
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}                                         | header
            [1]                                                                                           | malformed
            nonsense                                                                                      | not valid JSON
            {}                                                                                            | cover 0 of 8 bytes
            """)
    void refusesALyingHeader(String json, String complaint) {
        assertThatThrownBy(() -> decode(SafetensorsTest.framed(json.getBytes(StandardCharsets.UTF_8)), 8))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("a message of")
                .hasMessageContaining(complaint)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001, 1000})
    void refusesALengthThatCannotBe(long length) {
        byte[] bytes = ByteBuffer.allocate(64)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .array();
        assertThatThrownBy(() -> decode(bytes, 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("header claims");
    }

    @Test
    void refusesWhatIsNotUtf8() {
        byte[] json =
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}".getBytes(StandardCharsets.UTF_8);
        json[2] = (byte) 0xC3;
        assertThatThrownBy(() -> decode(SafetensorsTest.framed(json), 8))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("UTF-8");
    }

    @Test
    void namesTheFileThatIsCutOff(@TempDir Path folder) throws IOException {
        byte[] whole = Golden.bytes("types.safetensors");
        Path file = folder.resolve("cut.safetensors");
        for (int length : new int[] {0, 7, 8, 100, whole.length - 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> SafetensorsFile.open(file))
                    .as("%d bytes", length)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("cut.safetensors");
        }
    }

    /** Whatever byte is changed: the same tensors, other tensors of the same sizes, or one clear refusal. */
    @Property(tries = 2000)
    void aChangedByteIsNeverACrash(@ForAll @IntRange(min = 0, max = 699) int position, @ForAll byte value) {
        byte[] bytes = Golden.bytes("types.safetensors");
        bytes[position] = value;
        try (Scope scope = Scope.open()) {
            assertThatCode(() -> {
                        try {
                            Safetensors.decode(ByteBuffer.wrap(bytes), CPU);
                        } catch (InputException refused) {
                            assertThat(refused).hasMessageContaining("a message of");
                        }
                    })
                    .doesNotThrowAnyException();
        }
    }

    private static Map<String, Tensor> decode(byte[] header, int dataBytes) {
        try (Scope scope = Scope.open()) {
            return Safetensors.decode(ByteBuffer.wrap(Arrays.copyOf(header, header.length + dataBytes)), CPU);
        }
    }
}
