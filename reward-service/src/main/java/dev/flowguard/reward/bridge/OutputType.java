package dev.flowguard.reward.bridge;

import dev.flowguard.proto.inference.InferTensorContents;
import java.nio.ByteBuffer;
import java.util.List;

/** The protocol's datatypes in which a score may come. */
enum OutputType {
    FP64(8) {
        @Override
        double element(ByteBuffer raw) {
            return raw.getDouble();
        }

        @Override
        List<? extends Number> elements(InferTensorContents contents) {
            return contents.getFp64ContentsList();
        }
    },
    FP32(4) {
        @Override
        double element(ByteBuffer raw) {
            return raw.getFloat();
        }

        @Override
        List<? extends Number> elements(InferTensorContents contents) {
            return contents.getFp32ContentsList();
        }
    },
    FP16(2) {
        @Override
        double element(ByteBuffer raw) {
            return half(raw.getShort());
        }
    },
    BF16(2) {
        @Override
        double element(ByteBuffer raw) {
            return Float.intBitsToFloat(raw.getShort() << 16);
        }
    },
    INT64(8) {
        @Override
        double element(ByteBuffer raw) {
            return raw.getLong();
        }

        @Override
        List<? extends Number> elements(InferTensorContents contents) {
            return contents.getInt64ContentsList();
        }
    },
    INT32(4) {
        @Override
        double element(ByteBuffer raw) {
            return raw.getInt();
        }

        @Override
        List<? extends Number> elements(InferTensorContents contents) {
            return contents.getIntContentsList();
        }
    };

    /** Bytes of an element in raw form. */
    final int size;

    OutputType(int size) {
        this.size = size;
    }

    /** Reads the next element of raw contents, which are little-endian. */
    abstract double element(ByteBuffer raw);

    /** The elements of typed contents; none for types that the protocol sends in raw form only. */
    List<? extends Number> elements(InferTensorContents contents) {
        return List.of();
    }

    /** A half-precision number: 1 bit of sign, 5 of exponent, 10 of fraction. */
    private static double half(short bits) {
        int exponent = bits >> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        double size =
                switch (exponent) {
                    case 0 -> Math.scalb((double) fraction, -24);
                    case 0x1f -> fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
                    default -> Math.scalb((double) (fraction | 0x400), exponent - 25);
                };
        return bits < 0 ? -size : size;
    }
}
