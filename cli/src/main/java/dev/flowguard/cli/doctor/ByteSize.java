package dev.flowguard.cli.doctor;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as people write it.
 *
 * @param bytes not negative
 */
record ByteSize(long bytes) {
    private static final double STEP = 1024;
    private static final Pattern WRITTEN = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([MG])i?B?", Pattern.CASE_INSENSITIVE);

    /** {@code 583 MiB}, {@code 12.4 GiB}. */
    @Override
    public String toString() {
        double mebibytes = bytes / (STEP * STEP);
        return mebibytes < STEP
                ? String.format(Locale.ROOT, "%.0f MiB", mebibytes)
                : String.format(Locale.ROOT, "%.1f GiB", mebibytes / STEP);
    }

    /** Reads {@code 80GiB}, {@code 512 MB}; a G is 1024³ here whatever follows it. */
    static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            Matcher matcher = WRITTEN.matcher(text.strip());
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + text + "' is no size; write 80GiB or 512MiB");
            }
            double unit = matcher.group(2).equalsIgnoreCase("G") ? STEP * STEP * STEP : STEP * STEP;
            return new ByteSize((long) (Double.parseDouble(matcher.group(1)) * unit));
        }
    }
}
