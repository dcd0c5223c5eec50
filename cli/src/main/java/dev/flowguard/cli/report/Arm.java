package dev.flowguard.cli.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Runs that differ in their seed alone.
 *
 * @param label names it in charts and tables, unlike any other arm's
 */
record Arm(String label, List<ComparedRun> runs) {

    /** What may differ between the runs of an arm: their seed, their name and where they ran. */
    private static final Pattern CIRCUMSTANCE =
            Pattern.compile("seed|name|output_dir|model\\.(pipeline|device)|prompts\\..*|evaluation\\.kept_images"
                    + "|rewards\\[\\d+]\\.(target|deadline_seconds|references)");

    Arm {
        runs = List.copyOf(runs);
    }

    /** By which settings runs become one arm. */
    enum Grouping {
        /** All but the seed. */
        SETTINGS,
        /** The preset. */
        PRESET,
        /** The name of the run. */
        NAME;

        private String key(ComparedRun run) {
            return switch (this) {
                case SETTINGS ->
                    run.settings().entrySet().stream()
                            .filter(setting ->
                                    !CIRCUMSTANCE.matcher(setting.getKey()).matches())
                            .map(Object::toString)
                            .collect(Collectors.joining("\n"));
                case PRESET, NAME -> run.setting(title());
            };
        }

        /** The setting that arms are named by. */
        private String title() {
            return this == NAME ? "name" : "preset";
        }
    }

    /** Puts the runs into arms, in the order of their first runs. */
    static List<Arm> of(List<ComparedRun> runs, Grouping grouping) {
        Map<String, List<ComparedRun>> byKey = new LinkedHashMap<>();
        runs.forEach(run -> byKey.computeIfAbsent(grouping.key(run), key -> new ArrayList<>())
                .add(run));
        List<Arm> arms = new ArrayList<>();
        for (List<ComparedRun> members : byKey.values()) {
            String base = members.get(0).setting(grouping.title());
            List<List<ComparedRun>> namesakes = byKey.values().stream()
                    .filter(other -> other.get(0).setting(grouping.title()).equals(base))
                    .toList();
            String label = base
                    + differing(namesakes).stream()
                            .map(key -> " · " + key.substring(key.lastIndexOf('.') + 1) + " "
                                    + members.get(0).setting(key))
                            .collect(Collectors.joining());
            arms.add(new Arm(label.isBlank() ? "run" : label, members));
        }
        return arms;
    }

    /** The settings in which arms differ, by dotted key. */
    static Set<String> differences(List<Arm> arms) {
        return differing(arms.stream().map(Arm::runs).toList());
    }

    private static Set<String> differing(List<List<ComparedRun>> arms) {
        Set<String> keys = new TreeSet<>();
        arms.forEach(arm -> arm.forEach(run -> keys.addAll(run.settings().keySet())));
        keys.removeIf(key -> CIRCUMSTANCE.matcher(key).matches()
                || arms.stream().map(arm -> values(arm, key)).distinct().count() < 2);
        return keys;
    }

    private static Set<String> values(List<ComparedRun> runs, String key) {
        return runs.stream().map(run -> run.setting(key)).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The values of a setting over the runs, usually one. */
    String setting(String key) {
        return values(runs, key).stream()
                .map(value -> value.isEmpty() ? "–" : value)
                .collect(Collectors.joining(", "));
    }
}
