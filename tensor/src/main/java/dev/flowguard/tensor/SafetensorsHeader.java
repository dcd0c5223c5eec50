package dev.flowguard.tensor;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * The JSON in front of the bytes of a safetensors file: which tensor lies where.
 *
 * <p>A file comes from anywhere, so every field is checked before anything is made from it, by the rules of the reference
 * implementation: at most 100 MB, no name twice, the size of every tensor is what its shape and type need, and the tensors
 * cover the data exactly, without gap or overlap.
 *
 * @param tensors by name, in the order of their bytes
 * @param metadata free text by free name
 */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {

    /** The little-endian length in front of the JSON. */
    static final int PREFIX_BYTES = 8;

    private static final long MAX_BYTES = 100_000_000;
    private static final int ALIGNMENT = 8;
    private static final int MAX_RANK = 64;
    private static final String METADATA = "__metadata__";
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /**
     * Checks the length in front of the header.
     *
     * @param prefix the first {@value #PREFIX_BYTES} bytes
     * @param totalBytes of the file, prefix included
     * @param source what to call the file in an error
     * @return how many bytes of JSON follow
     */
    static int length(ByteBuffer prefix, long totalBytes, String source) {
        if (totalBytes < PREFIX_BYTES) {
            throw corrupt(source, "it has " + totalBytes + " bytes, less than a header");
        }
        long length = prefix.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(prefix.position());
        if (length < 0 || length > MAX_BYTES) {
            throw corrupt(
                    source, "its header claims " + Long.toUnsignedString(length) + " bytes, above the limit of 100 MB");
        }
        if (length > totalBytes - PREFIX_BYTES) {
            throw corrupt(source, "its header claims " + length + " bytes, but the file ends before");
        }
        return (int) length;
    }

    /**
     * Reads and checks the header.
     *
     * @param json the bytes after the prefix
     * @param dataBytes how many bytes follow the header
     * @param source what to call the file in an error
     */
    static SafetensorsHeader parse(ByteBuffer json, long dataBytes, String source) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(json).toString();
        } catch (CharacterCodingException e) {
            throw corrupt(source, "its header is not UTF-8");
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            SafetensorsHeader header = new Reader(parser, source).header();
            return new SafetensorsHeader(inOrder(header.tensors, dataBytes, source), header.metadata);
        } catch (JacksonException e) {
            throw corrupt(source, "its header is not valid JSON (" + e.getOriginalMessage() + ")");
        }
    }

    /** Describes tensors whose bytes follow each other in this order. */
    static SafetensorsHeader describe(List<Map.Entry<String, Tensor>> tensors, Map<String, String> metadata) {
        Map<String, TensorInfo> infos = new LinkedHashMap<>();
        long offset = 0;
        for (Map.Entry<String, Tensor> entry : tensors) {
            if (entry.getKey().equals(METADATA)) {
                throw new IllegalArgumentException("no tensor can be called " + METADATA);
            }
            Tensor tensor = entry.getValue();
            long bytes =
                    Math.multiplyExact(tensor.elementCount(), tensor.dtype().bytes());
            List<Long> shape = Arrays.stream(tensor.shape()).boxed().toList();
            infos.put(entry.getKey(), new TensorInfo(tensor.dtype(), shape, offset, bytes));
            offset += bytes;
        }
        return new SafetensorsHeader(infos, new TreeMap<>(metadata));
    }

    /** The bytes from the beginning of the file to the first byte of data, padded so that the data is aligned. */
    byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(new byte[PREFIX_BYTES]);
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectPropertyStart(METADATA);
                metadata.forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            tensors.forEach((name, info) -> {
                json.writeObjectPropertyStart(name);
                json.writeStringProperty("dtype", info.dtype().safetensorsName());
                json.writeArrayPropertyStart("shape");
                info.shape().forEach(json::writeNumber);
                json.writeEndArray();
                json.writeArrayPropertyStart("data_offsets");
                json.writeNumber(info.offset());
                json.writeNumber(info.offset() + info.byteCount());
                json.writeEndArray();
                json.writeEndObject();
            });
            json.writeEndObject();
        }
        while (bytes.size() % ALIGNMENT != 0) {
            bytes.write(' ');
        }
        byte[] encoded = bytes.toByteArray();
        ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN).putLong(0, encoded.length - PREFIX_BYTES);
        return encoded;
    }

    static InputException corrupt(String source, String what) {
        return new InputException(
                source + ": not a readable safetensors file: " + what + ": download or write it again");
    }

    private static Map<String, TensorInfo> inOrder(Map<String, TensorInfo> tensors, long dataBytes, String source) {
        List<Map.Entry<String, TensorInfo>> entries = new ArrayList<>(tensors.entrySet());
        entries.sort(Comparator.comparingLong((Map.Entry<String, TensorInfo> entry) ->
                        entry.getValue().offset())
                .thenComparingLong(entry -> entry.getValue().byteCount()));
        Map<String, TensorInfo> ordered = new LinkedHashMap<>();
        long end = 0;
        for (Map.Entry<String, TensorInfo> entry : entries) {
            TensorInfo info = entry.getValue();
            if (info.offset() != end) {
                throw corrupt(
                        source,
                        "tensor '" + entry.getKey() + "' begins at byte " + info.offset()
                                + " of the data, but the one before ends at " + end);
            }
            if (info.byteCount() > dataBytes - end) {
                throw corrupt(
                        source,
                        "tensor '" + entry.getKey() + "' reaches to byte " + (end + info.byteCount()) + " of "
                                + dataBytes + " bytes of data");
            }
            end += info.byteCount();
            ordered.put(entry.getKey(), info);
        }
        if (end != dataBytes) {
            throw corrupt(source, "its tensors cover " + end + " of " + dataBytes + " bytes of data");
        }
        return Collections.unmodifiableMap(ordered);
    }

    /** Walks the JSON with one token of look-ahead and accepts nothing that the format does not know. */
    private static final class Reader {

        private final JsonParser parser;
        private final String source;
        private String at = "the header";

        Reader(JsonParser parser, String source) {
            this.parser = parser;
            this.source = source;
        }

        SafetensorsHeader header() {
            Map<String, TensorInfo> tensors = new HashMap<>();
            Map<String, String> metadata = Map.of();
            expect(JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                at = "tensor '" + name + "'";
                if (name.equals(METADATA)) {
                    metadata = metadata();
                } else {
                    tensors.put(name, tensor());
                }
            }
            at = "the header";
            requireToken(parser.currentToken(), JsonToken.END_OBJECT);
            requireToken(parser.nextToken(), null);
            return new SafetensorsHeader(tensors, metadata);
        }

        private Map<String, String> metadata() {
            Map<String, String> metadata = new LinkedHashMap<>();
            expect(JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                expect(JsonToken.VALUE_STRING);
                metadata.put(name, parser.getString());
            }
            requireToken(parser.currentToken(), JsonToken.END_OBJECT);
            return Collections.unmodifiableMap(metadata);
        }

        private TensorInfo tensor() {
            DType dtype = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            expect(JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                switch (parser.currentName()) {
                    case "dtype" -> dtype = dtype();
                    case "shape" -> shape = naturals(MAX_RANK);
                    case "data_offsets" -> offsets = naturals(2);
                    default -> throw corrupt(source, at + " has an unknown field '" + parser.currentName() + "'");
                }
            }
            requireToken(parser.currentToken(), JsonToken.END_OBJECT);
            if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
                throw corrupt(source, at + " needs dtype, shape and two data_offsets");
            }
            return checked(dtype, shape, offsets.get(0), offsets.get(1));
        }

        private TensorInfo checked(DType dtype, List<Long> shape, long begin, long end) {
            long bytes = dtype.bytes();
            try {
                for (long size : shape) {
                    bytes = Math.multiplyExact(bytes, size);
                }
            } catch (ArithmeticException e) {
                throw corrupt(source, at + " claims the impossible shape " + shape);
            }
            if (begin > end || end - begin != bytes) {
                throw corrupt(
                        source,
                        at + " needs " + bytes + " bytes for " + dtype.safetensorsName() + shape + " but claims bytes "
                                + begin + " to " + end);
            }
            return new TensorInfo(dtype, shape, begin, bytes);
        }

        private DType dtype() {
            expect(JsonToken.VALUE_STRING);
            String name = parser.getString();
            for (DType candidate : DType.values()) {
                if (candidate.safetensorsName().equals(name)) {
                    return candidate;
                }
            }
            throw new InputException(source + ": " + at + " has the type '" + name
                    + "', which is not supported: convert it to F32, F16 or BF16");
        }

        private List<Long> naturals(int limit) {
            List<Long> numbers = new ArrayList<>();
            expect(JsonToken.START_ARRAY);
            while (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
                if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER || parser.getLongValue() < 0) {
                    throw corrupt(source, at + " has a size or offset out of range");
                }
                if (numbers.size() == limit) {
                    throw corrupt(source, at + " has more than " + limit + " sizes or offsets");
                }
                numbers.add(parser.getLongValue());
            }
            requireToken(parser.currentToken(), JsonToken.END_ARRAY);
            return numbers;
        }

        private void expect(JsonToken token) {
            requireToken(parser.nextToken(), token);
        }

        private void requireToken(@Nullable JsonToken found, @Nullable JsonToken expected) {
            if (found != expected) {
                throw corrupt(source, at + " is malformed: " + found + " where " + expected + " belongs");
            }
        }
    }
}
