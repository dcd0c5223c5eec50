package dev.flowguard.models;

/** Who can read an adapter's file. */
public enum AdapterFormat {
    /** {@code PeftModel.from_pretrained}: {@code adapter_config.json} and {@code adapter_model.safetensors}. */
    PEFT,
    /** diffusers' {@code load_lora_weights}: {@code pytorch_lora_weights.safetensors}, alpha in its metadata. */
    DIFFUSERS,
    /** ComfyUI and kohya's sd-scripts: one {@code .safetensors} in the layer names of the original models. */
    KOHYA
}
