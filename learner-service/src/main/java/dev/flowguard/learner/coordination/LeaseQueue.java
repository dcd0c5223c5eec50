package dev.flowguard.learner.coordination;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The life of a group between its admission and its end:
 *
 * <pre>
 *   add ──▶ QUEUED ──lease──▶ LEASED ──settle──▶ gone (committed by the caller)
 *             ▲                  │
 *             │                  │ returned, expired, worker lost, refused
 *             └──── tries left ◀─┤
 *                                └── no tries left ──▶ gone (dropped: counted and named by the caller)
 * </pre>
 *
 * INVARIANT: a group has at most one live lease, and every group that was added is queued, leased or was reported settled
 * or dropped exactly once.
 *
 * <p>Not thread-safe: the coordinator's lock guards it. Time is a monotonic nanosecond clock.
 */
final class LeaseQueue {
    private final Terms terms;
    private final LongSupplier nanoClock;

    private final Map<Long, Entry> groups = new LinkedHashMap<>();
    private final Deque<Entry> queued = new ArrayDeque<>();
    private final Map<Long, Entry> leased = new LinkedHashMap<>();
    private long nextLeaseId = 1;

    /**
     * The terms of a lease.
     *
     * @param leaseTime how long it lives without a heartbeat
     * @param longestLease how long it lives at most: a worker that hangs while its heart beats must not hold a run up
     * @param maxTries how often a group may fail before it is dropped
     */
    record Terms(Duration leaseTime, Duration longestLease, int maxTries) {}

    /**
     * A group in somebody's hands for a limited time.
     *
     * @param begin when it came there, on the queue's clock
     */
    record Held(long leaseId, GroupSpec group, long policyVersion, WorkerSession holder, long begin) {}

    /** What became of a group whose lease failed. */
    sealed interface Failure {
        /** It waits for another worker. */
        record Requeued(GroupSpec group) implements Failure {}

        /** It has failed too often and is no longer part of the run. */
        record Dropped(GroupSpec group, int tries, String lastReason) implements Failure {}

        /** There is no such lease any more: nothing happened. */
        record Unknown() implements Failure {}
    }

    private static final class Entry {
        private final GroupSpec group;
        private int tries;
        private @Nullable Held held;
        private long begin;
        private long deadline;

        private Entry(GroupSpec group) {
            this.group = group;
        }
    }

    LeaseQueue(Terms terms, LongSupplier nanoClock) {
        this.terms = terms;
        this.nanoClock = nanoClock;
    }

    /** Appends a group that has never been here. */
    void add(GroupSpec group) {
        queued.addLast(enter(group));
    }

    /** Puts groups before all others, in their order: evaluations are waited for before anything else goes on. */
    void addFirst(List<GroupSpec> first) {
        for (int i = first.size() - 1; i >= 0; i--) {
            queued.addFirst(enter(first.get(i)));
        }
    }

    private Entry enter(GroupSpec group) {
        Entry entry = new Entry(group);
        if (groups.putIfAbsent(group.groupId(), entry) != null) {
            throw new IllegalStateException(group.describe() + " is already here");
        }
        return entry;
    }

    /** Leases the next group, or null where none is queued. */
    @Nullable
    Held lease(WorkerSession holder, long policyVersion) {
        Entry entry = queued.pollFirst();
        if (entry == null) {
            return null;
        }
        entry.begin = nanoClock.getAsLong();
        Held held = new Held(nextLeaseId++, entry.group, policyVersion, holder, entry.begin);
        entry.tries++;
        entry.held = held;
        entry.deadline = entry.begin + terms.leaseTime().toNanos();
        leased.put(held.leaseId(), entry);
        return held;
    }

    /** The group with this id, queued or leased; null where it is neither. */
    @Nullable
    GroupSpec find(long groupId) {
        Entry entry = groups.get(groupId);
        return entry == null ? null : entry.group;
    }

    /** Extends those of the leases that {@code holder} still holds. */
    void extend(WorkerSession holder, Collection<Long> leaseIds) {
        for (long leaseId : leaseIds) {
            Entry entry = leased.get(leaseId);
            if (entry != null && entry.held != null && entry.held.holder() == holder) {
                long age = nanoClock.getAsLong() - entry.begin;
                entry.deadline = entry.begin
                        + Math.min(
                                age + terms.leaseTime().toNanos(),
                                terms.longestLease().toNanos());
            }
        }
    }

    /** The leases whose time is over, oldest first. They stay until {@link #fail}. */
    List<Held> expired() {
        long now = nanoClock.getAsLong();
        return held(entry -> entry.deadline - now <= 0);
    }

    List<Held> heldBy(WorkerSession holder) {
        return held(entry -> entry.held != null && entry.held.holder() == holder);
    }

    private List<Held> held(Predicate<Entry> wanted) {
        List<Held> result = new ArrayList<>();
        for (Entry entry : leased.values()) {
            if (entry.held != null && wanted.test(entry)) {
                result.add(entry.held);
            }
        }
        return result;
    }

    /**
     * Ends a lease without a result; the group goes to the head of the queue or, after too many tries, is dropped.
     *
     * @param groupsFault false where another worker may well succeed, so that the try does not count
     */
    Failure fail(long leaseId, String reason, boolean groupsFault) {
        Entry entry = leased.remove(leaseId);
        if (entry == null) {
            return new Failure.Unknown();
        }
        entry.held = null;
        if (!groupsFault) {
            entry.tries--;
        }
        if (entry.tries >= terms.maxTries()) {
            groups.remove(entry.group.groupId());
            return new Failure.Dropped(entry.group, entry.tries, reason);
        }
        queued.addFirst(entry);
        return new Failure.Requeued(entry.group);
    }

    /** Takes a group out because its result is committed; returns the lease that somebody still held on it, if any. */
    @Nullable
    Held settle(long groupId) {
        Entry entry = groups.remove(groupId);
        if (entry == null) {
            return null;
        }
        queued.remove(entry);
        Held held = entry.held;
        if (held != null) {
            leased.remove(held.leaseId());
        }
        return held;
    }

    /** The lease under which {@code worker} holds this group; null where it does not. */
    @Nullable
    Held heldBy(String worker, long groupId) {
        Entry entry = groups.get(groupId);
        Held held = entry == null ? null : entry.held;
        return held != null && held.holder().workerId().equals(worker) ? held : null;
    }

    /** Training groups, queued or leased: the {@code running} of the admission formula. */
    int running() {
        int running = 0;
        for (Entry entry : groups.values()) {
            if (entry.group.training()) {
                running++;
            }
        }
        return running;
    }

    int leases() {
        return leased.size();
    }

    /** Forgets everything; for the end of the run. */
    void clear() {
        groups.clear();
        queued.clear();
        leased.clear();
    }
}
