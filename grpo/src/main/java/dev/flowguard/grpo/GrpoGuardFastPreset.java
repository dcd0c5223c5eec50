package dev.flowguard.grpo;

/**
 * GRPO-Guard on a window: exact, since RatioNorm knows nothing but its own step. Values: {@code grpo-guard}, with the window
 * of verl-omni's Guard recipe (2 steps within the first five) and Flow-SDE.
 */
final class GrpoGuardFastPreset {

    private GrpoGuardFastPreset() {}

    static Preset settings() {
        return GrpoGuardPreset.settings()
                .as("grpo-guard-fast", "GRPO-Guard, arXiv:2510.22319; window as in verl-omni's Guard recipe")
                .description("GRPO-Guard on a window of two steps in the first half")
                .plan(new Window(0, 3, 2))
                .build();
    }
}
