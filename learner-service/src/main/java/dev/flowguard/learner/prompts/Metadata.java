package dev.flowguard.learner.prompts;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** JSON as it travels to scorers. Numbers become fp64 on that road, so those that it cannot hold are refused. */
final class Metadata {
    private static final long FIRST_INEXACT = 1L << 53;

    private Metadata() {}

    static Struct struct(JsonNode object) throws BadLineException {
        Struct.Builder struct = Struct.newBuilder();
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            struct.putFields(entry.getKey(), value(entry.getKey(), entry.getValue()));
        }
        return struct.build();
    }

    private static Value value(String key, JsonNode node) throws BadLineException {
        Value.Builder value = Value.newBuilder();
        if (node.isObject()) {
            value.setStructValue(struct(node));
        } else if (node.isArray()) {
            ListValue.Builder list = ListValue.newBuilder();
            for (JsonNode element : node) {
                list.addValues(value(key, element));
            }
            value.setListValue(list);
        } else if (node.isString()) {
            value.setStringValue(node.stringValue());
        } else if (node.isBoolean()) {
            value.setBoolValue(node.booleanValue());
        } else if (node.isNumber()) {
            value.setNumberValue(number(key, node));
        } else {
            value.setNullValue(NullValue.NULL_VALUE);
        }
        return value.build();
    }

    private static double number(String key, JsonNode node) throws BadLineException {
        double number = node.asDouble(Double.POSITIVE_INFINITY);
        if (!Double.isFinite(number) || (node.isIntegralNumber() && Math.abs(number) >= FIRST_INEXACT)) {
            throw new BadLineException("the number " + node.asString() + " of '" + key
                    + "' is larger than a double holds exactly, so write it as a string");
        }
        return number;
    }
}
