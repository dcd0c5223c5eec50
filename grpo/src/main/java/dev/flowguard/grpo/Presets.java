package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** The presets by name. */
public final class Presets {
    private static final List<Preset> ALL = List.of(
            FlowGrpoPreset.settings(),
            DanceGrpoPreset.settings(),
            MixGrpoPreset.settings(),
            TempFlowGrpoPreset.settings(),
            FlowGrpoFastPreset.settings(),
            GrpoGuardPreset.settings(),
            GrpoGuardDancePreset.settings(),
            GrpoGuardFastPreset.settings(),
            FlowDppoPreset.settings());

    private Presets() {}

    /** All of them, in the order of their publication. */
    public static List<Preset> all() {
        return ALL;
    }

    /**
     * The preset of a name.
     *
     * @throws InputException if there is none; the message names the nearest
     */
    public static Preset named(String name) {
        return ALL.stream()
                .filter(preset -> preset.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new InputException("preset '" + name + "' is unknown; did you mean '" + nearest(name)
                        + "'? There are " + ALL.stream().map(Preset::name).collect(Collectors.joining(", "))));
    }

    private static String nearest(String name) {
        return ALL.stream()
                .map(Preset::name)
                .min(Comparator.comparing(
                        known -> LevenshteinDistance.getDefaultInstance().apply(known, name)))
                .orElseThrow();
    }
}
