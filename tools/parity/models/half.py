"""Writes models/src/test/resources/parity/a/half.safetensors: what diffusers, transformers and PEFT compute with the networks
and the adapter of golden.py when the base is loaded in 16 bits.

    python tools/parity/models/half.py
"""

import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModelWithProjection

from golden import ROOT, gradients

DIRECTORY = ROOT / "a"
TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def transformer(dtype):
    given = load_file(DIRECTORY / "transformer.safetensors")
    base = SD3Transformer2DModel.from_pretrained(DIRECTORY / "pipeline/transformer", torch_dtype=dtype)
    model = PeftModel.from_pretrained(base, DIRECTORY / "adapter", is_trainable=True)
    assert all(p.dtype == torch.float32 for n, p in model.named_parameters() if "lora_" in n)
    out = model(given["latents"].to(dtype), encoder_hidden_states=given["context"].to(dtype),
                pooled_projections=given["pooled"].to(dtype), timestep=given["timestep"], return_dict=False)[0].float()
    grads = gradients(model, (out * given["weight"]).mean())
    return {"velocity": out, **{k.replace(".default", ""): v for k, v in grads.items()}}


def vae(dtype):
    given = load_file(DIRECTORY / "vae.safetensors")
    model = AutoencoderKL.from_pretrained(DIRECTORY / "pipeline/vae", torch_dtype=dtype)
    with torch.no_grad():
        return {"decoded": model.decode(given["latents"].to(dtype)).sample,
                "moments": model.encode(given["image"].to(dtype)).latent_dist.parameters}


def text_encoder(dtype):
    given = load_file(DIRECTORY / "text_encoder.safetensors")
    model = CLIPTextModelWithProjection.from_pretrained(DIRECTORY / "pipeline/text_encoder", dtype=dtype)
    with torch.no_grad():
        out = model(given["ids"].long(), output_hidden_states=True)
    return {"context": out.hidden_states[-2], "pooled": out.text_embeds}


def main():
    tensors = {}
    for name, dtype in TYPES.items():
        for part in (transformer, vae, text_encoder):
            for key, value in part(dtype).items():
                tensors[f"{name}.{key}"] = value.detach().float().contiguous()
    save_file(tensors, DIRECTORY / "half.safetensors")


if __name__ == "__main__":
    main()
