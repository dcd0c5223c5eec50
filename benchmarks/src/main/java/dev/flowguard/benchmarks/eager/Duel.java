package dev.flowguard.benchmarks.eager;

import dev.flowguard.benchmarks.Series;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The rounds of one comparison. Each round times one side right after the other, so that both see the same machine. */
final class Duel {

    private record Round(Seconds ours, Seconds theirs) {}

    private final Contestant ours;
    private final Contestant theirs;
    private final Context context;
    private final int passes;
    private final List<Round> rounds = new ArrayList<>();

    /** @param passes forward and backward passes that make one measurement */
    Duel(Contestant ours, Contestant theirs, Context context, int passes) {
        this.ours = ours;
        this.theirs = theirs;
        this.context = context;
        this.passes = passes;
    }

    Context context() {
        return context;
    }

    /** Peak memory of both. */
    long[] peakBytes() {
        return new long[] {ours.peakBytes(context), theirs.peakBytes(context)};
    }

    /** How far apart the two sides' results are, relative to their size. */
    double distance() {
        return ours.outcome(context).distanceTo(theirs.outcome(context));
    }

    /** Both sides, off the record. */
    void warmUp(int warmUpPasses) {
        ours.time(context, warmUpPasses);
        theirs.time(context, warmUpPasses);
    }

    void round() {
        // Who comes second finds the caches and clock frequency that the first left; so they take turns.
        if (rounds.size() % 2 == 0) {
            Seconds first = ours.time(context, passes);
            rounds.add(new Round(first, theirs.time(context, passes)));
        } else {
            Seconds first = theirs.time(context, passes);
            rounds.add(new Round(ours.time(context, passes), first));
        }
    }

    Series ours(ToDoubleFunction<Seconds> clock) {
        return series(round -> clock.applyAsDouble(round.ours()));
    }

    Series theirs(ToDoubleFunction<Seconds> clock) {
        return series(round -> clock.applyAsDouble(round.theirs()));
    }

    /** Ours divided by theirs, round by round. */
    Series ratio(ToDoubleFunction<Seconds> clock) {
        return series(round -> clock.applyAsDouble(round.ours()) / clock.applyAsDouble(round.theirs()));
    }

    private Series series(ToDoubleFunction<Round> value) {
        return new Series(rounds.stream().mapToDouble(value).boxed().toList());
    }
}
