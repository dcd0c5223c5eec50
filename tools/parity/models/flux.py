"""Writes the golden files of FLUX with the public Python implementations, unmodified.

    python tools/parity/models/flux.py

"dev" has a guidance embedding and a dynamic shift like FLUX.1-dev, "schnell" neither, like FLUX.1-schnell.
"""

import torch
from diffusers import FluxPipeline, FluxTransformer2DModel

from golden import ROOT, gradients, shake, write

VARIANTS = ("dev", "schnell")


def transformer(variant):
    shape = dict(num_layers=2, num_single_layers=2, num_attention_heads=2, attention_head_dim=8,
                 axes_dims_rope=(2, 2, 4)) if variant == "dev" else dict(
                     num_layers=1, num_single_layers=1, num_attention_heads=1, attention_head_dim=12,
                     axes_dims_rope=(2, 4, 6))
    return FluxTransformer2DModel(
        in_channels=12, joint_attention_dim=16, pooled_projection_dim=12, guidance_embeds=variant == "dev", **shape)


def transformer_golden(model, path):
    """The packed arguments of the model itself, and the latents that the pipeline would have packed into them."""
    torch.manual_seed(21)
    c = model.config
    channels, height, width, length = c.in_channels // 4, 4, 6, 5
    latents = torch.randn(2, channels, height, width)
    inputs = {
        "hidden_states": FluxPipeline._pack_latents(latents, 2, channels, height, width),
        "encoder_hidden_states": torch.randn(2, length, c.joint_attention_dim),
        "pooled_projections": torch.randn(2, c.pooled_projection_dim),
        "timestep": torch.tensor([1.0, 0.2780488]),
        "img_ids": FluxPipeline._prepare_latent_image_ids(2, height // 2, width // 2, "cpu", torch.float32),
        "txt_ids": torch.zeros(length, 3)}
    if c.guidance_embeds:
        inputs["guidance"] = torch.full([2], 3.5)
    out = model(**inputs, return_dict=False)[0]
    weight = torch.randn_like(out)
    far = dict(img_ids=inputs["img_ids"] * 401 + 3, txt_ids=torch.arange(3.0 * length).reshape(length, 3))
    if c.guidance_embeds:
        far["guidance"] = torch.tensor([1.0, 7.25])
    result = {**inputs, "latents": latents, "sample": out, "weight": weight,
              "velocity": FluxPipeline._unpack_latents(out, height, width, 1),
              "far_sample": model(**(inputs | far), return_dict=False)[0],
              **{"far_" + name: value for name, value in far.items()}}
    write(path, result | gradients(model, (out * weight).mean()))


def main():
    for variant in VARIANTS:
        torch.manual_seed(13 if variant == "dev" else 14)
        target = ROOT / "flux" / variant
        model = shake(transformer(variant), 0.1).eval()
        model.save_pretrained(target / "pipeline/transformer")
        transformer_golden(model, target / "transformer.safetensors")


if __name__ == "__main__":
    main()
