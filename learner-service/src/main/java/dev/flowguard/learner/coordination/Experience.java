package dev.flowguard.learner.coordination;

import dev.flowguard.proto.v1.Purpose;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where committed groups wait until all that belong together are there. Memory is bounded by admission: no more groups than
 * it lets in can ever be here.
 *
 * <p>Thread-safe.
 */
final class Experience {
    private static final Logger log = LoggerFactory.getLogger(Experience.class);

    private final Patience patience;
    private final Workers workers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<Key, Room> rooms = new HashMap<>();
    private @Nullable RuntimeException failure;

    /**
     * How long to wait while nobody samples.
     *
     * @param warnAfter pause between two warnings that no worker is connected
     * @param giveUpAfter how long no worker may be connected before the run ends
     */
    record Patience(Duration warnAfter, Duration giveUpAfter) {}

    /** Who is there to sample, for messages. */
    interface Workers {
        int connected();

        /** What to do about it when nobody is connected. */
        String advice();
    }

    private record Key(Purpose purpose, int iteration) {}

    private static final class Room {
        private final int expected;
        private final List<ScoredGroup> groups = new ArrayList<>();
        private final List<DroppedGroup> dropped = new ArrayList<>();

        private Room(int expected) {
            this.expected = expected;
        }

        private boolean complete() {
            return groups.size() + dropped.size() == expected;
        }
    }

    Experience(Patience patience, Workers workers) {
        this.patience = patience;
        this.workers = workers;
    }

    /** Announces that {@code groups} groups belong together; before the first of them can arrive. */
    void expect(Purpose purpose, int iteration, int groups) {
        lock.lock();
        try {
            rooms.putIfAbsent(new Key(purpose, iteration), new Room(groups));
        } finally {
            lock.unlock();
        }
    }

    void commit(ScoredGroup group) {
        change(group.spec(), room -> room.groups.add(group));
    }

    void drop(GroupSpec group, String reason, String reward) {
        change(group, room -> room.dropped.add(new DroppedGroup(group.describe() + ": " + reason, reward)));
    }

    private void change(GroupSpec group, Consumer<Room> change) {
        lock.lock();
        try {
            Room room = rooms.get(new Key(group.purpose(), group.iteration()));
            if (room == null) {
                throw new IllegalStateException("nobody waits for " + group.describe());
            }
            change.accept(room);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Makes every present and later wait end with {@code cause}. */
    void abort(RuntimeException cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until every expected group is committed or dropped, and takes them: a batch is given out once.
     *
     * @throws RunAbortedException if the run cannot go on, or if no worker was connected for too long
     * @throws StopRequestedException if the run was asked to stop
     * @throws InterruptedException if the run is being stopped
     */
    Batch await(Purpose purpose, int iteration) throws InterruptedException {
        Key key = new Key(purpose, iteration);
        lock.lockInterruptibly();
        try {
            Room room = rooms.get(key);
            if (room == null) {
                throw new IllegalStateException("nothing was expected of " + key);
            }
            long alone = 0;
            requireNoFailure();
            while (!room.complete()) {
                boolean someone = changed.await(patience.warnAfter().toNanos(), TimeUnit.NANOSECONDS);
                alone = someone || workers.connected() > 0
                        ? 0
                        : alone + patience.warnAfter().toNanos();
                requireNoFailure();
                if (alone > 0) {
                    complain(Duration.ofNanos(alone));
                }
            }
            rooms.remove(key);
            room.groups.sort(Comparator.comparingLong(group -> group.spec().groupId()));
            return new Batch(room.groups, room.dropped);
        } finally {
            lock.unlock();
        }
    }

    private void requireNoFailure() {
        if (failure != null) {
            throw failure;
        }
    }

    private void complain(Duration alone) {
        String message = "no rollout worker has been connected for " + alone.toSeconds() + " s: " + workers.advice();
        if (alone.compareTo(patience.giveUpAfter()) >= 0) {
            throw new RunAbortedException(message + "; the run ends here and can go on with --resume", null);
        }
        log.warn("{}", message);
    }
}
