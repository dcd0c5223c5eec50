package dev.flowguard.benchmarks.eager;

/**
 * Time of one forward and backward.
 *
 * @param wall seconds of the clock
 * @param cpu seconds of all threads of the process
 */
record Seconds(double wall, double cpu) {}
