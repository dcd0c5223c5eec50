package dev.flowguard.learner.output;

import com.google.protobuf.ByteString;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One evaluation image that is kept for people.
 *
 * @param prompt what it was drawn from
 * @param seed of its initial noise; with the prompt it pairs the images of two policies
 * @param scores raw score by reward; a missing score is absent
 * @param notes what the scorers saw, such as {@code recognized}
 * @param png the image
 */
public record KeptSample(
        String prompt, long seed, Map<String, Double> scores, Map<String, String> notes, ByteString png) {
    public KeptSample {
        scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
        notes = Map.copyOf(notes);
    }
}
