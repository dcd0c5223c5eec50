package dev.flowguard.reward.geneval;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The objects in an image that count, by class, the surest first.
 *
 * <p>INVARIANT: each is surer than the threshold, and there are at most {@link #MOST_OF_A_CLASS} of a class.
 */
final class Detections {

    /** {@code MAX_OBJECTS} of GenEval. */
    static final int MOST_OF_A_CLASS = 16;

    private final Map<String, List<Detection>> byClass;

    private Detections(Map<String, List<Detection>> byClass) {
        this.byClass = byClass;
    }

    /** Of all that a detector saw, in its order, what counts. Overlapping boxes all count, as GenEval has it (NMS at 1). */
    static Detections of(List<Detection> seen, float threshold) {
        return new Detections(seen.stream()
                .filter(detection -> detection.score() > threshold)
                .sorted(Comparator.comparing(Detection::score).reversed())
                .collect(Collectors.groupingBy(
                        Detection::object,
                        TreeMap::new,
                        Collectors.collectingAndThen(
                                Collectors.toList(),
                                surest -> List.copyOf(surest.subList(0, Math.min(MOST_OF_A_CLASS, surest.size())))))));
    }

    /** The objects of a class; none if it was not seen. */
    List<Detection> of(String object) {
        return byClass.getOrDefault(object, List.of());
    }

    /** For a person: {@code "1 bird, 2 couch"}. */
    @Override
    public String toString() {
        return byClass.entrySet().stream()
                .map(entry -> entry.getValue().size() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }
}
