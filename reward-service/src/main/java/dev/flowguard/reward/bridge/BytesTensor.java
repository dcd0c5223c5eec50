package dev.flowguard.reward.bridge;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A tensor of byte strings in raw form: each element is its length (four bytes, little-endian) and its bytes. */
final class BytesTensor {

    private BytesTensor() {}

    static ByteString raw(List<byte[]> elements) {
        int size = elements.stream()
                .mapToInt(element -> Integer.BYTES + element.length)
                .sum();
        ByteBuffer raw = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        elements.forEach(element -> raw.putInt(element.length).put(element));
        return ByteString.copyFrom(raw.flip());
    }
}
