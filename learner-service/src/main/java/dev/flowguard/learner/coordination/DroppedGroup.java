package dev.flowguard.learner.coordination;

/**
 * A group that was given up.
 *
 * @param what names it and the last reason, in one line
 * @param reward the reward that could not be had in the last try; empty where it failed for another reason
 */
public record DroppedGroup(String what, String reward) {
    @Override
    public String toString() {
        return what;
    }
}
