package dev.flowguard.learner.coordination;

/**
 * An optional reward that some members of a group do not have.
 *
 * @param reward its name
 * @param members how many lack it
 * @param reason one line for a person
 * @param shadow whether it was asked for comparison only
 */
public record MissingScores(String reward, int members, String reason, boolean shadow) {}
