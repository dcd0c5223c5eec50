package dev.flowguard.reward.geneval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Judges one image by what was seen in it: GenEval's {@code evaluate} (Ghosh et al. 2023), and the two rewards that Flow-GRPO's reward server adds.
 *
 * <ul>
 *   <li><b>benchmark</b>: at least as many objects as asked, of them the surest in the colour and the place asked, nothing that is excluded.
 *   <li><b>strict</b>: exactly as many objects as asked, all in colour and place. Exclusions are not looked at.
 *   <li><b>training</b>: the mean over terms in [0, 1]. A clause has one term for its count, max(0, 1 − |found − asked| / asked), and one more if it asks
 *       for a colour or a place, 0 where the count is wrong: for the colour 1 − |right − asked| / asked, for the place 0 or 1. A clause with both has
 *       both, the place only where the colour is right. Exclusions are not looked at.
 * </ul>
 *
 * <p>With {@code referenceCompat} the training score is the reward server's to the last bit: its count terms may be strongly negative (16 found of 1 is
 * −14), and a wrong place adds a term of 0 and then one of 1.
 */
final class GenEval {

    private final Request request;
    private final Detections seen;
    private final ColourNamer colours;
    private final boolean referenceCompat;
    private final Map<Detection, Colour> named = new HashMap<>();
    private final List<Double> terms = new ArrayList<>();
    private final List<String> strictFaults = new ArrayList<>();

    private GenEval(Request request, Detections seen, ColourNamer colours, boolean referenceCompat) {
        this.request = request;
        this.seen = seen;
        this.colours = colours;
        this.referenceCompat = referenceCompat;
    }

    /**
     * The judgement of an image.
     *
     * @param training in [0, 1] unless {@code referenceCompat}
     * @param benchmark whether the benchmark counts the image as right
     * @param strict whether it shows exactly what was asked
     * @param faults what strictly is wrong, for people
     */
    record Judgement(double training, boolean benchmark, boolean strict, List<String> faults) {
        Judgement {
            faults = List.copyOf(faults);
        }
    }

    static Judgement judge(Request request, Detections seen, ColourNamer colours, boolean referenceCompat) {
        GenEval eval = new GenEval(request, seen, colours, referenceCompat);
        eval.judgeStrictly();
        double sum = 0;
        for (double term : eval.terms) {
            sum += term;
        }
        return new Judgement(
                sum / eval.terms.size(), eval.passesBenchmark(), eval.strictFaults.isEmpty(), eval.strictFaults);
    }

    private boolean passesBenchmark() {
        boolean passes = true;
        List<List<Detection>> matched = new ArrayList<>();
        for (Clause clause : request.include()) {
            List<Detection> all = seen.of(clause.object());
            boolean holds = all.size() >= clause.count();
            List<Detection> found = holds ? all.subList(0, clause.count()) : List.of();
            holds = holds
                    && clause.colour().stream().allMatch(colour -> count(colour, found) >= clause.count())
                    && clause.place().stream()
                            .allMatch(place -> misplaced(found, matched.get(place.clause()), place.relation())
                                    .isEmpty());
            matched.add(holds ? found : List.of());
            passes &= holds;
        }
        return passes
                && request.exclude().stream()
                        .noneMatch(exclusion -> seen.of(exclusion.object()).size() >= exclusion.count());
    }

    private void judgeStrictly() {
        List<List<Detection>> matched = new ArrayList<>();
        for (Clause clause : request.include()) {
            List<Detection> found = seen.of(clause.object());
            int faults = strictFaults.size();
            double countTerm = share(found.size(), clause.count());
            terms.add(referenceCompat ? countTerm : Math.max(0, countTerm));
            if (found.size() != clause.count()) {
                strictFaults.add("%s: %d asked, %d found".formatted(clause.object(), clause.count(), found.size()));
                if (clause.colour().isPresent() || clause.place().isPresent()) {
                    terms.add(0.);
                }
            } else {
                clause.colour().ifPresent(colour -> judgeColour(clause, colour, found));
                if (strictFaults.size() == faults) {
                    clause.place().ifPresent(place -> judgePlace(clause, place, found, matched));
                }
            }
            matched.add(strictFaults.size() == faults ? found : List.of());
        }
    }

    private void judgeColour(Clause clause, Colour colour, List<Detection> found) {
        int right = count(colour, found);
        terms.add(share(right, clause.count()));
        if (right != clause.count()) {
            strictFaults.add("%s: %d %s asked, the colours are %s"
                    .formatted(
                            clause.object(),
                            clause.count(),
                            colour,
                            found.stream().map(named::get).toList()));
        }
    }

    private void judgePlace(Clause clause, Clause.Place place, List<Detection> found, List<List<Detection>> matched) {
        List<Detection> others = matched.get(place.clause());
        String other = request.include().get(place.clause()).object();
        Optional<String> fault = misplaced(found, others, place.relation());
        fault.ifPresent(where ->
                strictFaults.add("%s: asked %s %s, but %s".formatted(clause.object(), place.relation(), other, where)));
        terms.add(fault.isPresent() ? 0. : 1.);
        if (referenceCompat && fault.isPresent() && !others.isEmpty()) {
            // The reference adds the 1 of a right place after the loop that found it wrong.
            terms.add(1.);
        }
    }

    /** Why not every object lies so to every other; empty if they do. */
    private static Optional<String> misplaced(List<Detection> objects, List<Detection> others, Relation relation) {
        if (others.isEmpty()) {
            return Optional.of("there is nothing to be so placed to");
        }
        for (Detection object : objects) {
            for (Detection other : others) {
                Set<Relation> relations = Relation.between(object.box(), other.box());
                if (!relations.contains(relation)) {
                    return Optional.of(relations.isEmpty() ? "it is beside it in no direction" : "it is " + relations);
                }
            }
        }
        return Optional.empty();
    }

    private int count(Colour colour, List<Detection> objects) {
        List<Detection> unnamed =
                objects.stream().filter(object -> !named.containsKey(object)).toList();
        if (!unnamed.isEmpty()) {
            List<Colour> names = colours.coloursOf(unnamed);
            for (int i = 0; i < unnamed.size(); i++) {
                named.put(unnamed.get(i), names.get(i));
            }
        }
        return (int)
                objects.stream().filter(object -> named.get(object) == colour).count();
    }

    private static double share(int found, int asked) {
        return 1 - (double) Math.abs(asked - found) / asked;
    }
}
