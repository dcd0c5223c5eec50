package dev.flowguard.learner.training;

/**
 * What of a run outlives the process: a checkpoint holds it. Whoever makes it closes policy and trainer. Used by the loop's thread.
 *
 * @param policy its adapter
 * @param trainer the adapter's average, and the optimizer
 * @param overseer what it remembers of the evaluations
 * @param swaps who scores
 * @param replay the groups that may be trained on once more
 */
record RunState(Policy policy, PolicyTrainer trainer, Overseer overseer, RewardSwaps swaps, Replay replay) {}
