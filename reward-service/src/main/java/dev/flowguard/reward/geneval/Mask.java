package dev.flowguard.reward.geneval;

/** Which pixels of an image belong to an object. */
@FunctionalInterface
interface Mask {

    boolean covers(int x, int y);
}
