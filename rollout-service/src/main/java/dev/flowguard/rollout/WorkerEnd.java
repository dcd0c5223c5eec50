package dev.flowguard.rollout;

/**
 * How a worker ended by itself.
 *
 * @param runOver true where the run is over; false where this worker cannot serve it
 * @param reason one line for a person
 */
public record WorkerEnd(boolean runOver, String reason) {}
