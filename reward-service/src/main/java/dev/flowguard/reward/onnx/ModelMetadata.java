package dev.flowguard.reward.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * The {@code metadata_props} of an ONNX file, read from its bytes: what ONNX Runtime hands to Java of them has lost every character beyond the
 * basic multilingual plane, which dictionaries have.
 */
final class ModelMetadata {

    /** {@code ModelProto.metadata_props} of onnx.proto. */
    private static final int METADATA_PROPS = 14;
    /** {@code StringStringEntryProto.key}. */
    private static final int KEY = 1;
    /** {@code StringStringEntryProto.value}. */
    private static final int VALUE = 2;

    private ModelMetadata() {}

    /**
     * Reads over the network itself, without copying it.
     *
     * @throws IOException if the bytes are no ONNX file
     */
    static Map<String, String> of(ByteBuffer file) throws IOException {
        Map<String, String> metadata = new HashMap<>();
        CodedInputStream model = CodedInputStream.newInstance(file);
        for (int tag = model.readTag(); tag != 0; tag = model.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == METADATA_PROPS) {
                readEntry(model.readByteBuffer(), metadata);
            } else {
                model.skipField(tag);
            }
        }
        return metadata;
    }

    private static void readEntry(ByteBuffer bytes, Map<String, String> metadata) throws IOException {
        CodedInputStream entry = CodedInputStream.newInstance(bytes);
        String key = "";
        String value = "";
        for (int tag = entry.readTag(); tag != 0; tag = entry.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case KEY -> key = entry.readStringRequireUtf8();
                case VALUE -> value = entry.readStringRequireUtf8();
                default -> entry.skipField(tag);
            }
        }
        metadata.put(key, value);
    }
}
