package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.NearestName;
import java.util.List;

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
                .orElseThrow(() -> unknown(name));
    }

    private static InputException unknown(String name) {
        List<String> known = ALL.stream().map(Preset::name).toList();
        return new InputException("preset '" + name + "' is unknown; did you mean '"
                + NearestName.of(name, known).orElseThrow() + "'? There are " + String.join(", ", known));
    }
}
