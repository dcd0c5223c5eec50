package dev.flowguard.learner.training;

import dev.flowguard.grpo.GroupAdvantages;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/**
 * What each member of a group is worth, put together from the sets of members that were compared.
 *
 * @param values the advantage A of each member; 0 in a tied set
 * @param taught which members are trained on: those of sets whose members differ in worth
 * @param comparisons how many sets were compared
 * @param tied how many of these are tied
 */
record MemberAdvantages(List<Double> values, BitSet taught, int comparisons, int tied) {

    MemberAdvantages {
        values = List.copyOf(values);
        taught = (BitSet) taught.clone();
    }

    /**
     * The advantages of a group.
     *
     * @param members how many it has
     * @param sets the members of each comparison
     * @param advantages the next ones are those of the sets, in their order
     */
    static MemberAdvantages of(int members, Collection<List<Integer>> sets, Iterator<GroupAdvantages> advantages) {
        List<Double> values = new ArrayList<>(Collections.nCopies(members, 0.0));
        BitSet taught = new BitSet(members);
        int tied = 0;
        for (List<Integer> set : sets) {
            GroupAdvantages compared = advantages.next();
            for (int i = 0; i < set.size(); i++) {
                values.set(set.get(i), compared.values().get(i));
                taught.set(set.get(i), !compared.tied());
            }
            tied += compared.tied() ? 1 : 0;
        }
        return new MemberAdvantages(values, taught, sets.size(), tied);
    }

    /** Whether no member differs in worth from those it was compared with. */
    boolean teachNothing() {
        return taught.isEmpty();
    }

    /** The advantages that are trained on. */
    List<Double> trained() {
        return taught.stream().mapToObj(values::get).toList();
    }
}
