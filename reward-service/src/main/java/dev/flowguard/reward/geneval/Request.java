package dev.flowguard.reward.geneval;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What an image must show, as a line of GenEval's {@code evaluation_metadata.jsonl} says it:
 *
 * <pre>
 *   {"tag": "position", "include": [{"class": "couch", "count": 1}, {"class": "bird", "count": 1, "position": ["left of", 0]}]}
 *   {"tag": "counting", "include": [{"class": "pizza", "count": 3, "color": "red"}], "exclude": [{"class": "pizza", "count": 4}]}
 * </pre>
 *
 * Other keys of the line, such as {@code prompt}, are passed over.
 *
 * @param tag the kind of prompt
 * @param include all of it must be there; at least one
 * @param exclude none of it may be there
 */
record Request(Tag tag, List<Clause> include, List<Exclusion> exclude) {

    private static final int MAX_CLAUSES = 64;

    Request {
        include = List.copyOf(include);
        exclude = List.copyOf(exclude);
    }

    /**
     * Reads metadata.
     *
     * @throws UnusableMetadataException if it asks for nothing, or for something that cannot be looked for
     */
    static Request parse(Struct metadata) throws UnusableMetadataException {
        String word = text(metadata, "tag");
        Tag tag = Tag.named(word)
                .orElseThrow(() -> new UnusableMetadataException(
                        "the tag '%s' is none of GenEval's: %s".formatted(word, Arrays.toString(Tag.values()))));
        List<Clause> include = new ArrayList<>();
        for (Struct clause : structs(metadata, "include")) {
            include.add(clause(clause, include.size()));
        }
        require(!include.isEmpty(), "'include' names no objects");
        List<Exclusion> exclude = new ArrayList<>();
        for (Struct exclusion : structs(metadata, "exclude")) {
            exclude.add(new Exclusion(text(exclusion, "class"), count(exclusion, Detections.MOST_OF_A_CLASS + 1)));
        }
        return new Request(tag, include, exclude);
    }

    private static Clause clause(Struct clause, int index) throws UnusableMetadataException {
        Optional<Colour> colour = Optional.empty();
        if (clause.containsFields("color")) {
            String word = text(clause, "color");
            colour = Colour.named(word);
            require(
                    colour.isPresent(),
                    "the color '%s' is none of GenEval's: %s".formatted(word, Arrays.toString(Colour.values())));
        }
        Optional<Clause.Place> place = clause.containsFields("position")
                ? Optional.of(place(clause.getFieldsOrThrow("position"), index))
                : Optional.empty();
        return new Clause(text(clause, "class"), count(clause, Detections.MOST_OF_A_CLASS), colour, place);
    }

    private static Clause.Place place(Value value, int index) throws UnusableMetadataException {
        ListValue pair = value.getListValue();
        require(
                pair.getValuesCount() == 2 && pair.getValues(0).hasStringValue() && isWhole(pair.getValues(1)),
                "a 'position' is a relation and the index of a clause, as in [\"left of\", 0]");
        Relation relation = Relation.named(pair.getValues(0).getStringValue())
                .orElseThrow(() -> new UnusableMetadataException("the position '%s' is none of GenEval's: %s"
                        .formatted(pair.getValues(0).getStringValue(), Arrays.toString(Relation.values()))));
        double target = pair.getValues(1).getNumberValue();
        require(
                target >= 0 && target < index,
                "the position of clause %d refers to clause %.0f, but only earlier ones can be referred to"
                        .formatted(index, target));
        return new Clause.Place(relation, (int) target);
    }

    private static String text(Struct struct, String key) throws UnusableMetadataException {
        Value value = struct.getFieldsOrDefault(key, Value.getDefaultInstance());
        require(
                value.hasStringValue() && !value.getStringValue().isBlank(),
                "'%s' is missing, or no text".formatted(key));
        return value.getStringValue();
    }

    private static int count(Struct struct, int most) throws UnusableMetadataException {
        Value value = struct.getFieldsOrDefault("count", Value.getDefaultInstance());
        require(
                isWhole(value) && value.getNumberValue() >= 1 && value.getNumberValue() <= most,
                "a 'count' is missing, or not a whole number from 1 to " + most);
        return (int) value.getNumberValue();
    }

    private static boolean isWhole(Value value) {
        return value.hasNumberValue() && value.getNumberValue() == Math.rint(value.getNumberValue());
    }

    private static List<Struct> structs(Struct metadata, String key) throws UnusableMetadataException {
        if (!metadata.containsFields(key)) {
            return List.of();
        }
        List<Value> values = metadata.getFieldsOrThrow(key).getListValue().getValuesList();
        require(
                metadata.getFieldsOrThrow(key).hasListValue() && values.stream().allMatch(Value::hasStructValue),
                "'%s' is no list of objects".formatted(key));
        require(values.size() <= MAX_CLAUSES, "'%s' has more than %d clauses".formatted(key, MAX_CLAUSES));
        return values.stream().map(Value::getStructValue).toList();
    }

    private static void require(boolean holds, String otherwise) throws UnusableMetadataException {
        if (!holds) {
            throw new UnusableMetadataException(otherwise);
        }
    }
}
