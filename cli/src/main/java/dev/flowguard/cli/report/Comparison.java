package dev.flowguard.cli.report;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.StepRatios;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The numbers of a comparison: what the page and the pictures both show. */
final class Comparison {

    private final List<Arm> arms;
    private final double equalProxy;

    Comparison(List<Arm> arms) {
        this.arms = List.copyOf(arms);
        this.equalProxy = runs().stream()
                .mapToDouble(run -> run.evaluations().stream()
                        .mapToDouble(row -> run.proxy(row).orElseThrow())
                        .max()
                        .orElse(Double.NEGATIVE_INFINITY))
                .min()
                .orElseThrow();
    }

    List<Arm> arms() {
        return arms;
    }

    private List<ComparedRun> runs() {
        return arms.stream().flatMap(arm -> arm.runs().stream()).toList();
    }

    /**
     * A score that is shown beside the proxy.
     *
     * @param name of the reward
     * @param gold whether it is never trained on; else it is one of several terms of the proxy
     */
    record Watched(String name, boolean gold) {

        /** "gold: fidelity". */
        String title() {
            return (gold ? "gold: " : "in the proxy: ") + name;
        }
    }

    /** Gold rewards, then the terms of a proxy that is a sum: what it rises by, and at whose cost. In the order of the recipe. */
    List<Watched> watched() {
        List<ComparedRun.ComparedReward> rewards = arms.get(0).runs().get(0).rewards();
        boolean sum = rewards.stream().filter(reward -> !reward.gold()).count() > 1;
        return rewards.stream()
                .filter(reward -> reward.gold() || sum)
                .map(reward -> new Watched(reward.name(), reward.gold()))
                .sorted(Comparator.comparing(Watched::gold).reversed())
                .toList();
    }

    /** What the proxy is, for people. */
    String proxyName() {
        List<String> parts = arms.get(0).runs().get(0).rewards().stream()
                .filter(reward -> !reward.gold())
                .map(reward -> reward.weight() == 1
                        ? reward.name()
                        : BigDecimal.valueOf(reward.weight())
                                        .stripTrailingZeros()
                                        .toPlainString() + " " + reward.name())
                .toList();
        return String.join(" + ", parts);
    }

    /** The highest proxy that every run reaches. */
    double equalProxy() {
        return equalProxy;
    }

    /** The proxy of an arm by iteration. */
    SortedMap<Integer, Estimate> proxy(Arm arm) {
        return course(arm, (run, row) -> run.proxy(row));
    }

    /** A watched score of an arm by iteration. */
    SortedMap<Integer, Estimate> score(Arm arm, String name) {
        return course(arm, (run, row) -> optional(row.eval().get(name)));
    }

    /** The diversity inside a prompt by iteration; empty where it was not measured. */
    SortedMap<Integer, Estimate> diversity(Arm arm) {
        return course(arm, (run, row) -> optional(row.oversight().diversity()));
    }

    private static OptionalDouble optional(@Nullable Double value) {
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    private interface Reading {
        OptionalDouble of(ComparedRun run, IterationReport row);
    }

    /** Iterations at which every run of the arm was measured: a band over other seeds would jump. */
    private static SortedMap<Integer, Estimate> course(Arm arm, Reading reading) {
        SortedMap<Integer, List<Double>> values = new TreeMap<>();
        for (ComparedRun run : arm.runs()) {
            for (IterationReport row : run.rows()) {
                reading.of(run, row)
                        .ifPresent(value -> values.computeIfAbsent(row.iteration(), iteration -> new ArrayList<>())
                                .add(value));
            }
        }
        SortedMap<Integer, Estimate> course = new TreeMap<>();
        values.forEach((iteration, all) -> {
            if (all.size() == arm.runs().size()) {
                course.put(iteration, Estimate.of(all));
            }
        });
        return course;
    }

    /** An arm's importance ratios by step; empty where its runs have not trained. Lines that do not tell how many they speak of cannot be weighed. */
    SortedMap<Integer, PooledRatios> ratios(Arm arm) {
        SortedMap<Integer, List<StepRatios>> byStep = new TreeMap<>();
        for (ComparedRun run : arm.runs()) {
            for (IterationReport row : run.rows()) {
                IterationReport.Learning learning = row.learning();
                if (learning != null) {
                    learning.steps().stream().filter(step -> step.members() > 0).forEach(step -> byStep.computeIfAbsent(
                                    step.step(), index -> new ArrayList<>())
                            .add(step));
                }
            }
        }
        SortedMap<Integer, PooledRatios> ratios = new TreeMap<>();
        byStep.forEach((step, iterations) -> ratios.put(step, PooledRatios.of(iterations)));
        return ratios;
    }

    /** The table: by column, an estimate an arm; a number that some run lacks is absent. */
    Map<String, List<Optional<Estimate>>> table() {
        Map<String, List<Optional<Estimate>>> table = new LinkedHashMap<>();
        table.put("proxy, last", column(run -> last(run, row -> run.proxy(row))));
        for (Watched score : watched()) {
            String name = score.name();
            table.put(
                    name + ", last",
                    column(run -> last(run, row -> optional(row.eval().get(name)))));
        }
        for (Watched score : watched()) {
            String name = score.name();
            table.put(name + " − its start", column(run -> change(run, name)));
        }
        for (Watched score : watched()) {
            String name = score.name();
            table.put(name + " at equal proxy", column(run -> atEqualProxy(run, name)));
        }
        table.put(
                "diversity, last",
                column(run -> last(run, row -> optional(row.oversight().diversity()))));
        table.values().removeIf(column -> column.stream().allMatch(Optional::isEmpty));
        return table;
    }

    /** The arms whose interval in a column of the table has no point in common with this arm's. */
    List<Arm> apartFrom(List<Optional<Estimate>> column, int arm) {
        Estimate own = column.get(arm).orElse(null);
        return own == null
                ? List.of()
                : IntStream.range(0, arms.size())
                        .filter(other ->
                                column.get(other).filter(own::apartFrom).isPresent())
                        .mapToObj(arms::get)
                        .toList();
    }

    private List<Optional<Estimate>> column(Function<ComparedRun, OptionalDouble> value) {
        List<Optional<Estimate>> column = new ArrayList<>();
        for (Arm arm : arms) {
            List<Double> values = arm.runs().stream()
                    .map(value)
                    .filter(OptionalDouble::isPresent)
                    .map(OptionalDouble::getAsDouble)
                    .toList();
            column.add(values.size() == arm.runs().size() ? Optional.of(Estimate.of(values)) : Optional.empty());
        }
        return column;
    }

    private static OptionalDouble last(ComparedRun run, Function<IterationReport, OptionalDouble> reading) {
        List<IterationReport> evaluations = run.evaluations();
        return evaluations.isEmpty() ? OptionalDouble.empty() : reading.apply(evaluations.get(evaluations.size() - 1));
    }

    private static OptionalDouble change(ComparedRun run, String name) {
        List<Double> values = run.evaluations().stream()
                .map(row -> row.eval().get(name))
                .filter(Objects::nonNull)
                .toList();
        return values.size() < 2
                ? OptionalDouble.empty()
                : OptionalDouble.of(values.get(values.size() - 1) - values.get(0));
    }

    /** The score where the run's proxy first reaches the level that all reach, on the line between two evaluations. */
    private OptionalDouble atEqualProxy(ComparedRun run, String name) {
        double before = Double.NaN;
        double scoreBefore = Double.NaN;
        for (IterationReport row : run.evaluations()) {
            Double value = row.eval().get(name);
            if (value == null) {
                continue;
            }
            double proxy = run.proxy(row).orElseThrow();
            if (proxy >= equalProxy) {
                if (Double.isNaN(before)) {
                    return OptionalDouble.of(value);
                }
                double share = (equalProxy - before) / (proxy - before);
                return OptionalDouble.of(scoreBefore + share * (value - scoreBefore));
            }
            before = proxy;
            scoreBefore = value;
        }
        return OptionalDouble.empty();
    }
}
