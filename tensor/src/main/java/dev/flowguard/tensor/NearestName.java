package dev.flowguard.tensor;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * What a person probably meant who typed a name that nobody knows, for the message of an {@link InputException}: the known name
 * that the fewest changed, missing or added characters make of it; of several the first in alphabetical order.
 */
public final class NearestName {

    private static final LevenshteinDistance TYPOS = LevenshteinDistance.getDefaultInstance();

    private NearestName() {}

    /** The nearest of the known names, however far; empty where none is known. */
    public static Optional<String> of(String name, Collection<String> known) {
        return known.stream()
                .min(Comparator.comparing((String other) -> TYPOS.apply(name, other))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** The nearest of the known names, if no more than so many characters differ. */
    public static Optional<String> within(int typos, String name, Collection<String> known) {
        return of(name, known).filter(nearest -> TYPOS.apply(name, nearest) <= typos);
    }
}
