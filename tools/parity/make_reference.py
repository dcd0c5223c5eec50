"""Writes what diffusers and transformers compute with a pipeline folder, for `flowguard parity` to compare.

    python tools/parity/make_reference.py PIPELINE REFERENCE.safetensors
    python tools/parity/make_reference.py /models/stable-diffusion-3.5-medium sd35.safetensors --no-gradients

The file holds <component>/in/<argument>, <component>/out/<output> and <component>/grad/<parameter>: the gradients of the sum,
over the outputs in the file, of the mean of squares of each. Inputs are small, random and seeded. Components are loaded one at
a time, so the largest one must fit into memory, and with gradients twice (the file holds a copy of every parameter's size).
"""

import argparse
import gc
import importlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

BATCH = 2


def load(pipeline, component, dtype):
    """The component's class as the pipeline's index names it, on the CPU."""
    library, name = json.loads((pipeline / "model_index.json").read_text())[component]
    cls = getattr(importlib.import_module(library), name)
    return cls.from_pretrained(pipeline / component, torch_dtype=dtype).eval()


def sd3_transformer(model, options):
    c = model.config
    inputs = {
        "hidden_states": torch.randn(BATCH, c.in_channels, *options.latent),
        "encoder_hidden_states": torch.randn(BATCH, options.tokens, c.joint_attention_dim),
        "pooled_projections": torch.randn(BATCH, c.pooled_projection_dim),
        "timestep": torch.tensor([1000.0, 278.04878])}
    return inputs, lambda given: {"sample": model(**given).sample}


def flux_transformer(model, options):
    """Packed latents, times in [0, 1], a position for every token."""
    c = model.config
    rows, columns = options.latent[0] // 2, options.latent[1] // 2
    positions = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), -1).reshape(-1, 2)
    inputs = {
        "hidden_states": torch.randn(BATCH, rows * columns, c.in_channels),
        "encoder_hidden_states": torch.randn(BATCH, options.tokens, c.joint_attention_dim),
        "pooled_projections": torch.randn(BATCH, c.pooled_projection_dim),
        "timestep": torch.tensor([1.0, 0.27804878]),
        "img_ids": torch.cat([torch.zeros(rows * columns, 1), positions.float()], 1),
        "txt_ids": torch.zeros(options.tokens, 3)}
    if c.guidance_embeds:
        inputs["guidance"] = torch.tensor([3.5, 1.0])
    return inputs, lambda given: {"sample": model(**given).sample}


def token_inputs(config, length, end, options):
    """Random words, an end, and padding; the rows end in different places."""
    ids = torch.randint(0, config.vocab_size, (BATCH, length))
    ids[ids == end] = 0 if end else 1
    mask = torch.ones_like(ids)
    for row, used in enumerate((length, max(2, length // 2))):
        ids[row, used - 1 :] = end
        mask[row, used:] = 0
    return {"input_ids": ids, **({"attention_mask": mask} if options.attention_mask else {})}


def clip_text_encoder(model, options):
    c = model.config
    # Old configurations say 2 and mean the largest id.
    end = c.vocab_size - 1 if c.eos_token_id == 2 else c.eos_token_id
    inputs = token_inputs(c, c.max_position_embeddings, end, options)

    def forward(given):
        out = model(**given, output_hidden_states=True)
        named = {"last_hidden_state": out.last_hidden_state, "hidden_states.-2": out.hidden_states[-2]}
        for name in ("text_embeds", "pooler_output"):
            if getattr(out, name, None) is not None:
                named[name] = getattr(out, name)
        return named

    return inputs, forward


def t5_text_encoder(model, options):
    inputs = token_inputs(model.config, options.tokens, model.config.eos_token_id, options)
    return inputs, lambda given: {"last_hidden_state": model(**given).last_hidden_state}


def vae_decoder(vae, options):
    inputs = {"sample": torch.randn(BATCH, vae.config.latent_channels, *options.latent)}
    return inputs, lambda given: {"sample": vae.decode(given["sample"]).sample}


def vae_encoder(vae, options):
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    inputs = {"sample": torch.rand(BATCH, vae.config.in_channels, *(factor * side for side in options.latent)) * 2 - 1}

    def forward(given):
        latents = vae.encode(given["sample"]).latent_dist
        return {"sample": latents.mode(), "logvar": latents.logvar}

    return inputs, forward


CALLS = {
    "SD3Transformer2DModel": [("", sd3_transformer)],
    "FluxTransformer2DModel": [("", flux_transformer)],
    "CLIPTextModelWithProjection": [("", clip_text_encoder)],
    "CLIPTextModel": [("", clip_text_encoder)],
    "T5EncoderModel": [("", t5_text_encoder)],
    "AutoencoderKL": [("", vae_decoder), (".encode", vae_encoder)],
}


def entries(name, model, call, options):
    torch.manual_seed(options.seed)
    inputs, forward = call(model, options)
    result = {f"{name}/in/{key}": value for key, value in inputs.items()}
    given = {k: v.to(options.dtype) if v.is_floating_point() else v for k, v in inputs.items()}
    with torch.set_grad_enabled(options.gradients):
        outputs = forward(given)
    result |= {f"{name}/out/{key}": value.detach().float() for key, value in outputs.items()}
    if options.gradients:
        model.zero_grad()
        sum(value.float().square().mean() for value in outputs.values()).backward()
        result |= {f"{name}/grad/{key}": p.grad for key, p in model.named_parameters() if p.grad is not None}
        model.zero_grad()
    return {key: value.contiguous().clone() for key, value in result.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipeline", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--components", nargs="+", help="such as transformer text_encoder vae.encode; default: all")
    parser.add_argument("--no-gradients", dest="gradients", action="store_false", help="outputs only: a fraction of the size")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"], help="default: %(default)s")
    parser.add_argument("--latent-height", type=int, default=8, help="rows of the latents, even; default: %(default)s")
    parser.add_argument("--latent-width", type=int, default=12, help="columns of the latents, even; default: %(default)s")
    parser.add_argument("--tokens", type=int, default=20, help="context and T5 tokens; default: %(default)s")
    parser.add_argument("--attention-mask", action="store_true", help="mask the padding; no pipeline does")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.dtype = getattr(torch, options.dtype)
    options.latent = (options.latent_height, options.latent_width)

    index = json.loads((options.pipeline / "model_index.json").read_text())
    result, known = {}, []
    for component, entry in index.items():
        if not isinstance(entry, list) or entry[1] not in CALLS:
            continue
        calls = [(component + suffix, call) for suffix, call in CALLS[entry[1]]]
        known += [name for name, _ in calls]
        calls = [(name, call) for name, call in calls if options.components is None or name in options.components]
        if calls:
            model = load(options.pipeline, component, options.dtype)
            for name, call in calls:
                result |= entries(name, model, call, options)
                print(f"{name}: {entry[1]}, {sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
            del model
            gc.collect()
    unknown = set(options.components or []) - set(known)
    if unknown or not result:
        parser.error(f"{options.pipeline} has no component {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    save_file(result, options.reference, metadata={"format": "pt", "seed": str(options.seed)})
    print(f"{options.reference}: {len(result)} tensors")


if __name__ == "__main__":
    main()
