package dev.flowguard.cli.export;

import dev.flowguard.tensor.DType;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Types by PyTorch's names and their common short forms. */
final class DTypeConverter implements ITypeConverter<DType> {

    private static final Map<String, DType> TYPES = Map.of(
            "float32", DType.FLOAT32,
            "fp32", DType.FLOAT32,
            "float16", DType.FLOAT16,
            "fp16", DType.FLOAT16,
            "bfloat16", DType.BFLOAT16,
            "bf16", DType.BFLOAT16);

    @Override
    public DType convert(String name) {
        DType dtype = TYPES.get(name.toLowerCase(Locale.ROOT));
        if (dtype == null) {
            throw new TypeConversionException("'" + name + "' is no type of weights: float32, float16 or bfloat16");
        }
        return dtype;
    }
}
