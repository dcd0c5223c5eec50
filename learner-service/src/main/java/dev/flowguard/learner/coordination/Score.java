package dev.flowguard.learner.coordination;

import java.util.Map;

/**
 * What one scorer said about one image.
 *
 * @param value the raw score, finite
 * @param scorerId who scored
 * @param scorerVersion by which definition
 * @param notes what the scorer saw, for people
 */
public record Score(double value, String scorerId, String scorerVersion, Map<String, String> notes) {
    public Score {
        notes = Map.copyOf(notes);
    }
}
