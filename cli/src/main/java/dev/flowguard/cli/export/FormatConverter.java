package dev.flowguard.cli.export;

import dev.flowguard.models.AdapterFormat;
import dev.flowguard.tensor.NearestName;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Formats by their names, and by that of the program that people know best. */
final class FormatConverter implements ITypeConverter<AdapterFormat> {

    private static final String COMFY_UI = "comfyui";

    @Override
    public AdapterFormat convert(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.equals(COMFY_UI)) {
            return AdapterFormat.KOHYA;
        }
        return Arrays.stream(AdapterFormat.values())
                .filter(format -> nameOf(format).equals(lower))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + name + "' is no format: it is peft, diffusers or"
                        + " kohya; did you mean '" + nearest(lower) + "'?"));
    }

    private static String nearest(String name) {
        List<String> known = Arrays.stream(AdapterFormat.values())
                .map(FormatConverter::nameOf)
                .toList();
        return NearestName.of(name, known).orElseThrow();
    }

    private static String nameOf(AdapterFormat format) {
        return format.name().toLowerCase(Locale.ROOT);
    }
}
