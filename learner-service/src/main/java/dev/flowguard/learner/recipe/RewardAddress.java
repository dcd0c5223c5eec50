package dev.flowguard.learner.recipe;

/**
 * Where a reward is scored, and by whom.
 *
 * @param target gRPC target; empty where the recipe leaves it to whoever starts the run
 * @param version that the scorer must have; empty for any
 * @param weightsSha256 that its weights must have, in hex; empty for any
 */
public record RewardAddress(String target, String version, String weightsSha256) {

    /** The same at another address. */
    public RewardAddress at(String otherTarget) {
        return new RewardAddress(otherTarget, version, weightsSha256);
    }

    @Override
    public String toString() {
        return target
                + (version.isEmpty() ? "" : " version " + version)
                + (weightsSha256.isEmpty() ? "" : " weights " + weightsSha256.substring(0, 8));
    }
}
