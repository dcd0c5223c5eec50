package dev.flowguard.models;

/** How the A matrices of a fresh adapter are drawn; B is zero in either case. Both are PEFT's. */
public enum LoraInitialization {
    /** Normal with a standard deviation of 1 / rank; what the published recipes for flow models use. */
    GAUSSIAN,
    /** Uniform within 1 / sqrt(inputs of the layer); PEFT's default. */
    KAIMING;

    /** The value of {@code init_lora_weights} in PEFT's configuration. */
    Object json() {
        return this == GAUSSIAN ? (Object) "gaussian" : (Object) true;
    }

    Initializer of(int rank, long inputs) {
        return this == GAUSSIAN ? new Initializer.Normal(1.0 / rank) : Initializer.torchDefault(inputs);
    }
}
