package dev.flowguard.models;

/**
 * The kernels that Pillow resamples with; when an image shrinks they widen with the pixel, which is what is called antialiasing.
 * The formulas are those of Pillow's {@code Resample.c}.
 */
public enum PilFilter {
    /** A triangle; {@code PIL.Image.BILINEAR}, 2. */
    BILINEAR(1) {
        @Override
        double at(double x) {
            return Math.max(0, 1 - Math.abs(x));
        }
    },
    /** Keys's cubic with a = −0.5; {@code PIL.Image.BICUBIC}, 3. */
    BICUBIC(2) {
        @Override
        double at(double x) {
            double distance = Math.abs(x);
            if (distance < 1) {
                return ((SHARPNESS + 2) * distance - (SHARPNESS + 3)) * distance * distance + 1;
            }
            return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * SHARPNESS : 0;
        }
    },
    /** A sinc in a sinc window of three lobes; {@code PIL.Image.LANCZOS}, 1. */
    LANCZOS(3) {
        @Override
        double at(double x) {
            return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
        }
    };

    private static final double SHARPNESS = -0.5;

    private final double support;

    PilFilter(double support) {
        this.support = support;
    }

    /** Beyond this distance, in pixels, the kernel is zero. */
    double support() {
        return support;
    }

    /** The kernel, not yet normalised. */
    abstract double at(double x);

    private static double sinc(double x) {
        return x == 0 ? 1 : StrictMath.sin(x * Math.PI) / (x * Math.PI);
    }
}
