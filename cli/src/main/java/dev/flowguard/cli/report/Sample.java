package dev.flowguard.cli.report;

import com.google.protobuf.ByteString;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One evaluation image.
 *
 * @param prompt what it was drawn from
 * @param seed seed of its initial noise; with the prompt it pairs images of different policies
 * @param scores raw score by scorer, in the order to show them in; a missing score is absent
 * @param notes what the scorers saw, such as {@code recognized}
 * @param png the image
 */
public record Sample(String prompt, long seed, Map<String, Double> scores, Map<String, String> notes, ByteString png) {

    public Sample {
        scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
        notes = Map.copyOf(notes);
    }
}
