package dev.flowguard.rollout;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.Trigger;

/** Time that passes only when a test says so; tasks run on the thread that says it. */
final class FakeScheduler implements TaskScheduler {

    private final List<Task> tasks = new ArrayList<>();
    private Instant now = Instant.EPOCH;

    /** Lets time pass and runs, in order, what falls due. */
    void pass(Duration time) {
        Instant end = now().plus(time);
        for (Optional<Task> due = nextUntil(end); due.isPresent(); due = nextUntil(end)) {
            due.get().action.run();
        }
        synchronized (this) {
            now = end;
        }
    }

    /** How many tasks wait. */
    synchronized int waiting() {
        tasks.removeIf(Task::isDone);
        return tasks.size();
    }

    private synchronized Instant now() {
        return now;
    }

    private synchronized Optional<Task> nextUntil(Instant end) {
        tasks.removeIf(Task::isDone);
        Optional<Task> next =
                tasks.stream().filter(t -> !t.due.isAfter(end)).min(Comparator.comparing((Task t) -> t.due));
        next.ifPresent(task -> {
            now = task.due;
            if (task.period == null) {
                tasks.remove(task);
            } else {
                task.due = task.due.plus(task.period);
            }
        });
        return next;
    }

    private synchronized ScheduledFuture<?> add(Runnable action, Instant due, @Nullable Duration period) {
        Task task = new Task(action, due, period);
        tasks.add(task);
        return task;
    }

    @Override
    public Clock getClock() {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Instant instant() {
                return now();
            }
        };
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable action, Instant due) {
        return add(action, due, null);
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable action, Instant due, Duration period) {
        return add(action, due, period);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable action, Trigger trigger) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable action, Duration period) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable action, Instant due, Duration delay) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable action, Duration delay) {
        throw new UnsupportedOperationException();
    }

    private static final class Task extends FutureTask<@Nullable Void> implements ScheduledFuture<@Nullable Void> {

        private final Runnable action;
        private final @Nullable Duration period;
        private Instant due;

        Task(Runnable action, Instant due, @Nullable Duration period) {
            super(action, null);
            this.action = action;
            this.due = due;
            this.period = period;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int compareTo(Delayed other) {
            throw new UnsupportedOperationException();
        }
    }
}
