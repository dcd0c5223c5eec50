package dev.flowguard.reward;

import java.util.Map;

/** What became of one item: a score, or the reason why there is none. Never a zero in place of a missing score. */
public sealed interface ScoreOutcome {

    /**
     * A score.
     *
     * @param value the raw score, in the scorer's own unit; a value that is not finite is answered as an internal failure
     * @param notes what the scorer saw, for people; may be empty
     */
    record Scored(double value, Map<String, String> notes) implements ScoreOutcome {
        public Scored {
            notes = Map.copyOf(notes);
        }
    }

    /** The item itself is bad and asking again is pointless. The message is one line for a person. */
    record Invalid(String message) implements ScoreOutcome {}

    /** The scorer failed on a good item; another try may succeed. The message is one line for a person. */
    record Failed(String message) implements ScoreOutcome {}
}
