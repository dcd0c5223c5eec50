package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** The tensors of an adapter's file, each of them looked at. */
final class AdapterTensors {

    private AdapterTensors() {}

    /** All tensors, in the current scope; floating-point and finite. */
    static Map<String, Tensor> read(SafetensorsFile file, Device device) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String name : file.names()) {
            DType dtype = file.info(name).dtype();
            if (!dtype.isFloating()) {
                throw new InputException(
                        "adapter tensor '" + name + "' has type " + dtype + ", but LoRA weights are floating-point");
            }
            Tensor tensor = file.read(name, device);
            requireFinite(name, tensor);
            tensors.put(name, tensor);
        }
        return tensors;
    }

    static void requireFinite(String name, Tensor tensor) {
        if (!tensor.to(DType.FLOAT32).allFinite()) {
            throw new InputException("adapter tensor '" + name
                    + "' holds values that are not finite: the training that wrote it failed");
        }
    }

    /** The value of a scalar alpha. */
    static double alpha(String name, Tensor tensor) {
        if (tensor.elementCount() != 1) {
            throw new InputException("adapter tensor '" + name + "' must be one number, not "
                    + java.util.Arrays.toString(tensor.shape()));
        }
        return tensor.to(DType.FLOAT32).toFloats()[0];
    }

    static InputException unknown(String name, String example) {
        String kind = name.startsWith("text_encoder") || name.startsWith("lora_te")
                ? "changes a text encoder, and only LoRAs of the transformer can be used"
                : "is no plain LoRA weight: names look like " + example;
        return new InputException("adapter tensor '" + name + "' " + kind);
    }
}
