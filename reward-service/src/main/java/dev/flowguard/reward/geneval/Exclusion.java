package dev.flowguard.reward.geneval;

/**
 * Objects that an image must not show.
 *
 * @param object class of the objects
 * @param count how many of them are too many, at least 1
 */
record Exclusion(String object, int count) {}
