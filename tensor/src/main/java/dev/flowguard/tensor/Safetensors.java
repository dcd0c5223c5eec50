package dev.flowguard.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes tensors in Hugging Face's safetensors format, and reads them from memory; {@link SafetensorsFile} reads files.
 *
 * <p>The bytes depend on the tensors and the metadata only, not on the order of the maps: equal content has equal digests.
 */
public final class Safetensors {

    private Safetensors() {}

    /**
     * Writes a file {@linkplain AtomicFile atomically}.
     *
     * @param metadata free text by free name
     * @throws InputException if it cannot be written
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, Tensor>> ordered = inOrder(tensors);
        SafetensorsHeader header = SafetensorsHeader.describe(ordered, metadata);
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header.encode()));
            for (Map.Entry<String, Tensor> entry : ordered) {
                writeData(entry.getValue(), piece -> AtomicFile.writeFully(channel, piece));
            }
        });
    }

    /**
     * The bytes that {@link #write} would write, of at most 2 GiB.
     *
     * @param metadata free text by free name
     */
    public static byte[] encode(Map<String, Tensor> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, Tensor>> ordered = inOrder(tensors);
        SafetensorsHeader header = SafetensorsHeader.describe(ordered, metadata);
        byte[] front = header.encode();
        long dataBytes = header.tensors().values().stream()
                .mapToLong(TensorInfo::byteCount)
                .sum();
        ByteBuffer encoded = ByteBuffer.allocate(Math.toIntExact(front.length + dataBytes));
        encoded.put(front);
        for (Map.Entry<String, Tensor> entry : ordered) {
            HostMemory.pieces(entry.getValue(), encoded::put);
        }
        return encoded.array();
    }

    /**
     * Reads tensors from the buffer's position to its limit, which are left as they are.
     *
     * @return tensors of the current {@link Scope} by name, in the order of their bytes
     * @throws InputException if the header is not right in every field
     */
    public static Map<String, Tensor> decode(ByteBuffer encoded, Device device) {
        String source = "a message of " + encoded.remaining() + " bytes";
        int start = encoded.position();
        int length = SafetensorsHeader.length(encoded, encoded.remaining(), source);
        int dataStart = start + SafetensorsHeader.PREFIX_BYTES + length;
        ByteBuffer json = range(encoded, start + SafetensorsHeader.PREFIX_BYTES, length);
        SafetensorsHeader header = SafetensorsHeader.parse(json, encoded.limit() - dataStart, source);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        header.tensors().forEach((name, info) -> {
            // The header was checked against the buffer, so that both numbers fit an int.
            ByteBuffer data = range(encoded, dataStart + (int) info.offset(), (int) info.byteCount());
            tensors.put(name, Tensor.fromBytes(device, data, info.dtype(), info.sizes()));
        });
        return tensors;
    }

    /** As the reference implementation: the widest elements first, so that all are aligned, then by type and name. */
    private static List<Map.Entry<String, Tensor>> inOrder(Map<String, Tensor> tensors) {
        List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparingInt((Map.Entry<String, Tensor> entry) ->
                        -entry.getValue().dtype().bytes())
                .thenComparing(entry -> entry.getValue().dtype())
                .thenComparing(Map.Entry::getKey));
        return ordered;
    }

    private static ByteBuffer range(ByteBuffer buffer, int position, int length) {
        return buffer.duplicate()
                .limit(position + length)
                .position(position)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Like a consumer, but of a file that can fail. */
    private interface Sink {
        void accept(ByteBuffer piece) throws IOException;
    }

    private static void writeData(Tensor tensor, Sink sink) throws IOException {
        try {
            HostMemory.pieces(tensor, piece -> {
                try {
                    sink.accept(piece);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
