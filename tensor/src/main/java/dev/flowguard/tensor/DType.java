package dev.flowguard.tensor;

import ai.djl.ndarray.types.DataType;
import org.jspecify.annotations.Nullable;

/**
 * The type of a tensor's elements.
 *
 * <p>This is the guard in front of JNI: DJL aborts the whole JVM (no exception) when a type that its native half does not
 * know is passed down, such as BFLOAT16. Only the values of this enum reach it, and {@link #toDjl()} refuses the one that
 * DJL cannot take.
 */
public enum DType {
    FLOAT32(DataType.FLOAT32, 4, 6, "F32", true),
    FLOAT64(DataType.FLOAT64, 8, 7, "F64", true),
    FLOAT16(DataType.FLOAT16, 2, 5, "F16", true),
    /** Made and cast by the operation library only; DJL calls it UNKNOWN and must never be asked for it. */
    BFLOAT16(null, 2, 15, "BF16", true),
    INT64(DataType.INT64, 8, 4, "I64", false),
    INT32(DataType.INT32, 4, 3, "I32", false),
    UINT8(DataType.UINT8, 1, 0, "U8", false),
    BOOL(DataType.BOOLEAN, 1, 11, "BOOL", false);

    private final @Nullable DataType djl;
    private final int bytes;
    private final int scalarType;
    private final String safetensorsName;
    private final boolean floating;

    DType(@Nullable DataType djl, int bytes, int scalarType, String safetensorsName, boolean floating) {
        this.djl = djl;
        this.bytes = bytes;
        this.scalarType = scalarType;
        this.safetensorsName = safetensorsName;
        this.floating = floating;
    }

    /**
     * Reads PyTorch's notation of a type that networks compute in.
     *
     * @param text {@code float32}, {@code float16} or {@code bfloat16}
     * @throws InputException if it is none of these
     */
    public static DType parse(String text) {
        return switch (text) {
            case "float32" -> FLOAT32;
            case "float16" -> FLOAT16;
            case "bfloat16" -> BFLOAT16;
            default -> throw new InputException("dtype '" + text + "' is unknown: use float32, float16 or bfloat16");
        };
    }

    /** Bytes that one element takes. */
    public int bytes() {
        return bytes;
    }

    /** Whether elements are floating-point numbers, which alone can have gradients. */
    public boolean isFloating() {
        return floating;
    }

    /** Whether this is a 16-bit floating-point type, whose reductions need a wider accumulator. */
    public boolean isHalf() {
        return floating && bytes == 2;
    }

    /** The name in a safetensors header, such as {@code BF16}. */
    public String safetensorsName() {
        return safetensorsName;
    }

    /** c10::ScalarType, the number that TorchScript's {@code to} takes. */
    int scalarType() {
        return scalarType;
    }

    /**
     * DJL's value.
     *
     * @throws IllegalArgumentException for {@link #BFLOAT16}: passing it to JNI would abort the JVM
     */
    DataType toDjl() {
        if (djl == null) {
            throw new IllegalArgumentException(
                    this + " must not reach DJL: make it by a cast of the operation library");
        }
        return djl;
    }

    /** The type of a tensor that DJL reports; what it does not know can only be the BFLOAT16 that we made ourselves. */
    static DType fromDjl(DataType type) {
        if (type == DataType.UNKNOWN) {
            return BFLOAT16;
        }
        for (DType candidate : values()) {
            if (candidate.djl == type) {
                return candidate;
            }
        }
        throw new IllegalStateException("the engine made a tensor of type " + type + ", which nothing here asks for");
    }
}
