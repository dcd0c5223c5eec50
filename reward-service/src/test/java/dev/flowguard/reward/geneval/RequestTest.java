package dev.flowguard.reward.geneval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestTest {

    @Test
    void readsAllThatGenEvalWrites() throws Exception {
        assertThat(Request.parse(struct("""
            {"tag": "position", "prompt": "passed over", "include": [
              {"class": "couch", "count": 1, "color": "red"},
              {"class": "bird", "count": 2, "position": ["left of", 0]}],
             "exclude": [{"class": "bird", "count": 3}]}\
            """)))
                .isEqualTo(new Request(
                        Tag.POSITION,
                        List.of(
                                new Clause("couch", 1, Optional.of(Colour.RED), Optional.empty()),
                                new Clause(
                                        "bird",
                                        2,
                                        Optional.empty(),
                                        Optional.of(new Clause.Place(Relation.LEFT_OF, 0)))),
                        List.of(new Exclusion("bird", 3))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | tag",
                "{'tag': 'colours', 'include': [{'class': 'dog', 'count': 1}]} | colours",
                "{'tag': 3, 'include': [{'class': 'dog', 'count': 1}]} | tag",
                "{'tag': 'colors'} | include",
                "{'tag': 'colors', 'include': []} | include",
                "{'tag': 'colors', 'include': {'class': 'dog', 'count': 1}} | include",
                "{'tag': 'colors', 'include': ['dog']} | include",
                "{'tag': 'colors', 'include': [{'count': 1}]} | class",
                "{'tag': 'colors', 'include': [{'class': 'dog'}]} | count",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 0}]} | count",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 1.5}]} | count",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 17}]} | count",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 'NaN'}]} | count",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 1, 'color': 'grey'}]} | grey",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 1, 'position': 'left of'}]} | position",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 1, 'position': ['near', 0]}]} | near",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 1, 'position': ['above', 0]}]} | earlier",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 1, 'position': ['above', -1]}]} | earlier",
                "{'tag': 'colors', 'include': [{'class': 'dog', 'count': 1}], 'exclude': [{'class': 'dog'}]} | count"
            })
    void refusesWhatCannotBeLookedFor(String json, String named) {
        assertThatThrownBy(() -> Request.parse(struct(json.replace('\'', '"'))))
                .isInstanceOf(UnusableMetadataException.class)
                .hasMessageContaining(named)
                .hasMessageNotContaining("\n");
    }

    static Struct struct(String json) {
        try {
            Struct.Builder metadata = Struct.newBuilder();
            JsonFormat.parser().merge(json, metadata);
            return metadata.build();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(json, e);
        }
    }
}
