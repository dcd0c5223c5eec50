package dev.flowguard.reward.geneval;

import java.util.Optional;

/**
 * Objects that an image must show.
 *
 * @param object class of the objects
 * @param count how many, at least 1
 * @param colour that all of them must have
 * @param place where each of them must be
 */
record Clause(String object, int count, Optional<Colour> colour, Optional<Place> place) {

    /**
     * A place beside other objects.
     *
     * @param relation to each of them
     * @param clause index of the clause that asks for them, an earlier one
     */
    record Place(Relation relation, int clause) {}
}
