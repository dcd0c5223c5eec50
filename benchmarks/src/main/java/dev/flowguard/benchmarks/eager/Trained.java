package dev.flowguard.benchmarks.eager;

/** What gets gradients. */
enum Trained {
    /** An adapter on the attention projections; the base is frozen. */
    LORA,
    /** Every parameter of the transformer, without an adapter. */
    ALL
}
