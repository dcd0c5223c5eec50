package dev.flowguard.benchmarks.reward;

import dev.flowguard.benchmarks.Series;
import dev.flowguard.benchmarks.reward.Call.Outcome;
import io.grpc.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A service in a process of its own, first asked for as much as it can do (calls that wait for each other), then for several times that
 * (calls that come by the clock, whatever became of those before). Refused calls do not come back: what is measured is the service, not patience.
 */
final class Overload {

    /** Calls in flight that keep every worker busy and are never refused. */
    private static final int CALLS_THAT_FIT = 4;

    private static final double NANO = 1e9;

    private final ServedReward service;
    private final List<SignImages.Sign> signs;

    private Overload(ServedReward service, List<SignImages.Sign> signs) {
        this.service = service;
        this.signs = signs;
    }

    /** Some seconds of one of the two. */
    private record Stretch(double seconds, double cpuSeconds, List<Outcome> outcomes) {

        int scored() {
            return outcomes.stream()
                    .filter(outcome -> outcome.status().isOk())
                    .mapToInt(Outcome::scored)
                    .sum();
        }

        double imagesPerSecond() {
            return scored() / seconds;
        }

        double imagesPerCpuSecond() {
            return scored() / cpuSeconds;
        }
    }

    static void throughput(PrintWriter out, int workers, int batch, int rounds, int seconds)
            throws IOException, InterruptedException {
        try (ServedReward service = start(workers)) {
            Overload load = new Overload(service, SignImages.small(batch));
            load.closed(seconds);
            List<Stretch> stretches = new ArrayList<>();
            for (int i = 0; i < rounds; i++) {
                stretches.add(load.closed(seconds));
            }
            print(
                    out,
                    "images/s",
                    stretches.stream().map(Stretch::imagesPerSecond).toList());
            print(
                    out,
                    "images a second of the service's CPU",
                    stretches.stream().map(Stretch::imagesPerCpuSecond).toList());
            print(
                    out,
                    "cores that the service had",
                    stretches.stream()
                            .map(stretch -> stretch.cpuSeconds() / stretch.seconds())
                            .toList());
        }
    }

    static void run(PrintWriter out, int workers, int batch, int rounds, int seconds, double times)
            throws IOException, InterruptedException {
        try (ServedReward service = start(workers)) {
            Overload load = new Overload(service, SignImages.small(batch));
            load.closed(seconds);
            List<Double> ratios = new ArrayList<>();
            List<Double> cpuRatios = new ArrayList<>();
            List<Double> memory = new ArrayList<>();
            Map<Status.Code, Integer> ends = new EnumMap<>(Status.Code.class);
            int wrong = 0;
            for (int round = 0; round < rounds; round++) {
                Stretch fitting = load.closed(seconds);
                Stretch beyond = load.open(seconds, times * fitting.imagesPerSecond() / batch, memory);
                ratios.add(beyond.imagesPerSecond() / fitting.imagesPerSecond());
                cpuRatios.add(beyond.imagesPerCpuSecond() / fitting.imagesPerCpuSecond());
                for (Outcome outcome : beyond.outcomes()) {
                    ends.merge(outcome.status().getCode(), 1, Integer::sum);
                    wrong += outcome.once() ? 0 : 1;
                }
                out.printf(
                        Locale.ROOT,
                        "round %d: capacity %.0f images/s; at %.0f times: %.0f images/s of %d calls%n",
                        round + 1,
                        fitting.imagesPerSecond(),
                        times,
                        beyond.imagesPerSecond(),
                        beyond.outcomes().size());
            }
            print(out, "goodput / capacity", ratios);
            print(out, "the same, by the service's CPU time", cpuRatios);
            int fifth = Math.max(1, memory.size() / 5);
            print(out, "memory, MiB: first fifth", memory.subList(0, fifth));
            print(out, "memory, MiB: last fifth", memory.subList(memory.size() - fifth, memory.size()));
            out.printf(
                    "calls ended %s; with an item lost or answered twice: %d; alive: %s%n",
                    ends, wrong, service.isAlive());
        }
    }

    private static ServedReward start(int workers) throws IOException {
        return ServedReward.start("ocr", "flowguard.reward.workers=" + workers);
    }

    /** As many calls at a time as fit. */
    private Stretch closed(int seconds) throws InterruptedException {
        double cpu = cpuSeconds();
        long begin = System.nanoTime();
        List<Outcome> outcomes = new ArrayList<>();
        Queue<CompletableFuture<Outcome>> inFlight = new ArrayDeque<>();
        while (secondsSince(begin) < seconds) {
            while (inFlight.size() < CALLS_THAT_FIT) {
                inFlight.add(Call.start(service.channel(), signs, SignImages.Sign::png));
            }
            outcomes.add(inFlight.remove().join());
        }
        for (CompletableFuture<Outcome> call : inFlight) {
            outcomes.add(call.join());
        }
        return new Stretch(secondsSince(begin), cpuSeconds() - cpu, outcomes);
    }

    /** So many calls a second, by the clock; memory is looked at once a second. */
    private Stretch open(int seconds, double callsPerSecond, List<Double> memory) throws IOException {
        double cpu = cpuSeconds();
        long begin = System.nanoTime();
        List<CompletableFuture<Outcome>> calls = new ArrayList<>();
        int looks = 0;
        double elapsed;
        while ((elapsed = secondsSince(begin)) < seconds) {
            while (calls.size() < elapsed * callsPerSecond) {
                calls.add(Call.start(service.channel(), signs, SignImages.Sign::png));
            }
            if (elapsed > looks) {
                memory.add(service.residentMebibytes());
                looks++;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        List<Outcome> outcomes = calls.stream().map(CompletableFuture::join).toList();
        return new Stretch(secondsSince(begin), cpuSeconds() - cpu, outcomes);
    }

    private double cpuSeconds() {
        return service.cpu().toNanos() / NANO;
    }

    private static double secondsSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / NANO;
    }

    private static void print(PrintWriter out, String name, List<Double> values) {
        Series series = new Series(values);
        out.printf(Locale.ROOT, "%-40s %.3f (%.3f..%.3f)%n", name, series.median(), series.min(), series.max());
        out.flush();
    }
}
