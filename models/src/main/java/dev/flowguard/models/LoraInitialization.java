package dev.flowguard.models;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.flowguard.tensor.InputException;

/**
 * How the A matrices of a fresh adapter are drawn; B is zero in either case. Both are PEFT's, under its names for
 * {@code init_lora_weights}.
 */
public enum LoraInitialization {
    /** Normal with a standard deviation of 1 / rank; what the published recipes for flow models use. */
    GAUSSIAN,
    /** Uniform within 1 / sqrt(inputs of the layer); PEFT's default, {@code true}. */
    KAIMING;

    private static final String GAUSSIAN_NAME = "gaussian";

    /** What a file says: {@code "gaussian"} or {@code true}. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static LoraInitialization of(Object value) {
        if (value.equals(GAUSSIAN_NAME)) {
            return GAUSSIAN;
        }
        if (value.equals(true)) {
            return KAIMING;
        }
        throw new InputException("init_lora_weights must be gaussian or true (kaiming), not " + value);
    }

    /** What a file says: {@code "gaussian"} or {@code true}. */
    @JsonValue
    Object json() {
        return this == GAUSSIAN ? (Object) GAUSSIAN_NAME : (Object) true;
    }

    Initializer of(int rank, long inputs) {
        return this == GAUSSIAN ? new Initializer.Normal(1.0 / rank) : Initializer.torchDefault(inputs);
    }
}
