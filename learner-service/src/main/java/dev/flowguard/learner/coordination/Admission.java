package dev.flowguard.learner.coordination;

/**
 * How many more groups may start, by AReaL's formula:
 *
 * <pre>  min(maxConcurrent, (η + version + 1) · groupsPerIteration − settled) − running</pre>
 *
 * where {@code settled} counts every group of the run that was committed or dropped, {@code running} those that are queued
 * or leased, and η ({@code maxStaleness}) bounds how many versions old a group may be when it is trained on; η = 0 is
 * strictly on-policy. AReaL writes {@code min(maxConcurrent, quota − (accepted + running))}; here the first bound also
 * counts the running groups, because it is meant as a bound of memory.
 *
 * <p>INVARIANT: while groups start only by this rule, in order, with the version of the moment or a later one, the group
 * with ordinal {@code g} (iteration {@code g / groupsPerIteration}, trained at that version) is never more than η versions
 * old. A dropped group counts as settled: otherwise its slot would go to a group of the next iteration.
 *
 * @param maxConcurrent most groups that may run at once, at least 1
 * @param maxStaleness η, at least 0
 * @param groupsPerIteration groups of one iteration, at least 1
 */
public record Admission(int maxConcurrent, int maxStaleness, int groupsPerIteration) {
    public Admission {
        if (maxConcurrent < 1 || maxStaleness < 0 || groupsPerIteration < 1) {
            throw new IllegalArgumentException(
                    "admission wants maxConcurrent >= 1, maxStaleness >= 0 and groupsPerIteration >= 1, not "
                            + maxConcurrent + ", " + maxStaleness + ", " + groupsPerIteration);
        }
    }

    /** How many more groups may start now; 0 where none may. */
    public int capacity(long version, long settled, int running) {
        long quota = (maxStaleness + version + 1) * groupsPerIteration - settled - running;
        return (int) Math.max(0, Math.min(maxConcurrent - running, quota));
    }

    /**
     * What {@code settled} must be when a run resumes with {@code version}: every group of the finished iterations.
     * Starting again from 0 would admit whole iterations too many, and all of them too old.
     */
    public long settledOnResume(long version) {
        return version * groupsPerIteration;
    }
}
