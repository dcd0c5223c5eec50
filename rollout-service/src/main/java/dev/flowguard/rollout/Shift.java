package dev.flowguard.rollout;

/**
 * What a worker does in one session, from Welcome on.
 *
 * @param policies takes announcements
 * @param leases takes leases
 */
record Shift(PolicyDesk policies, LeaseDesk leases) {}
