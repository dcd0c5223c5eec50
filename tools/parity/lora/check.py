"""Holds exported LoRAs against the programs that load them: PEFT, diffusers, and ComfyUI's rules.

    python tools/parity/lora/check.py write         # LoRAs of real PEFT and diffusers, and what they draw, for our tests
    python tools/parity/lora/check.py check [FLUX]  # the LoRAs that Java exported: models/src/test/resources/parity/lora/java,
                                                    # and in FLUX, which is too large to keep, the folder of LoraExport's FLUX

Every adapter is small; what is compared is names, scales and layouts. Nothing of ComfyUI can be installed by pip, so the
check follows its documented rule: a key is lora_unet_ and the parameter's name in the original model with underscores
(comfy/lora.py), and the weight becomes W + alpha/rank up @ down.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline
from diffusers.loaders import FluxLoraLoaderMixin
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[3] / "models/src/test/resources/parity"
OUT = ROOT / "lora"
BASE = ROOT / "a/pipeline"
PATTERN = r"transformer_blocks\.\d+\.(attn\.(to_q|to_k|to_v|add_v_proj)|ff\.net\.2|norm1_context\.linear)"


def transformer():
    return SD3Transformer2DModel.from_pretrained(BASE / "transformer")


def given():
    return load_file(ROOT / "a/transformer.safetensors")


def velocity(model):
    x = given()
    with torch.no_grad():
        return model(x["latents"], encoder_hidden_states=x["context"], pooled_projections=x["pooled"],
                     timestep=x["timestep"], return_dict=False)[0]


def filled(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.copy_(torch.randn_like(p) * 0.3)
    return model


def write():
    """A regular expression with patterns of rank and alpha by PEFT; all-linear by diffusers, in float16."""
    config = LoraConfig(r=3, lora_alpha=6, target_modules=PATTERN, rank_pattern={"attn.to_q": 2, r"ff\.net\.2": 1},
                        alpha_pattern={"transformer_blocks.1.attn.to_k": 9}, init_lora_weights=True)
    torch.manual_seed(41)
    model = filled(get_peft_model(transformer(), config), 42)
    model.save_pretrained(OUT / "peft")
    (OUT / "peft/README.md").unlink(missing_ok=True)
    golden = {"velocity.peft": velocity(model)}

    torch.manual_seed(43)
    pipe = StableDiffusion3Pipeline.from_pretrained(BASE, text_encoder_3=None, tokenizer_3=None)
    pipe.transformer.add_adapter(LoraConfig(r=2, lora_alpha=5, target_modules="all-linear"))
    filled(pipe.transformer, 44)
    modules = sorted(n.replace(".base_layer", "") for n, m in pipe.transformer.named_modules()
                     if n.endswith(".base_layer") and isinstance(m, torch.nn.Linear))
    (OUT / "all-linear.json").write_text(json.dumps({"modules": modules}, indent=0) + "\n")
    layers = {k: v.half() for k, v in get_peft_model_state_dict(pipe.transformer).items()}
    metadata = pipe.transformer.peft_config["default"].to_dict()
    StableDiffusion3Pipeline.save_lora_weights(OUT / "diffusers", transformer_lora_layers=layers,
                                               transformer_lora_adapter_metadata=metadata)
    loaded = StableDiffusion3Pipeline.from_pretrained(BASE, text_encoder_3=None, tokenizer_3=None)
    loaded.load_lora_weights(OUT / "diffusers")
    golden["velocity.diffusers"] = velocity(loaded.transformer)
    save_file({k: v.contiguous().clone() for k, v in golden.items()}, OUT / "golden.safetensors")


def original_names(path, is_flux):
    """Diffusers' name of a layer as (ComfyUI's key, first row in units, rows in units), written out once more by hand."""
    parts = path.split(".")
    tail = ".".join(parts[2:])
    qkv = {"attn.to_q": 0, "attn.to_k": 1, "attn.to_v": 2}
    add = {"attn.add_q_proj": 0, "attn.add_k_proj": 1, "attn.add_v_proj": 2}
    both = {"attn.to_out.0": ("x_block_attn_proj", "img_attn_proj"),
            "attn.to_add_out": ("context_block_attn_proj", "txt_attn_proj"),
            "ff.net.0.proj": ("x_block_mlp_fc1", "img_mlp_0"), "ff.net.2": ("x_block_mlp_fc2", "img_mlp_2"),
            "ff_context.net.0.proj": ("context_block_mlp_fc1", "txt_mlp_0"),
            "ff_context.net.2": ("context_block_mlp_fc2", "txt_mlp_2"),
            "norm1.linear": ("x_block_adaLN_modulation_1", "img_mod_lin"),
            "norm1_context.linear": ("context_block_adaLN_modulation_1", "txt_mod_lin")}
    if parts[0] == "single_transformer_blocks":
        block = f"single_blocks_{parts[1]}_"
        if tail == "proj_mlp":
            return block + "linear1", 3, 7
        return (block + "linear1", qkv[tail], 7) if tail in qkv else (block + {"proj_out": "linear2",
                                                                               "norm.linear": "modulation_lin"}[tail], 0, 1)
    if parts[0] == "transformer_blocks":
        block = (f"double_blocks_{parts[1]}_" if is_flux else f"joint_blocks_{parts[1]}_")
        if tail in qkv:
            return block + ("img_attn_qkv" if is_flux else "x_block_attn_qkv"), qkv[tail], 3
        if tail in add:
            return block + ("txt_attn_qkv" if is_flux else "context_block_attn_qkv"), add[tail], 3
        return block + both[tail][is_flux], 0, 1
    return {"proj_out": "final_layer_linear", "norm_out.linear": "final_layer_adaLN_modulation_1",
            "context_embedder": "txt_in" if is_flux else "context_embedder", "x_embedder": "img_in",
            "time_text_embed.timestep_embedder.linear_1": "time_in_in_layer" if is_flux else "t_embedder_mlp_0",
            "time_text_embed.timestep_embedder.linear_2": "time_in_out_layer" if is_flux else "t_embedder_mlp_2",
            "time_text_embed.text_embedder.linear_1": "vector_in_in_layer" if is_flux else "y_embedder_mlp_0",
            "time_text_embed.text_embedder.linear_2": "vector_in_out_layer" if is_flux else "y_embedder_mlp_2",
            }[path], 0, 1


def comfy_delta(tensors, key):
    """ComfyUI's patch of one weight."""
    up, down = tensors[f"lora_unet_{key}.lora_up.weight"].float(), tensors[f"lora_unet_{key}.lora_down.weight"].float()
    return tensors[f"lora_unet_{key}.alpha"].item() / down.shape[0] * (up @ down)


def by_comfy(model, file, is_flux):
    """The model with a kohya file patched in: each of its weights takes its own rows of the original's patch."""
    tensors, used = load_file(file), set()
    with torch.no_grad():
        for name, module in model.named_modules():
            if not isinstance(module, torch.nn.Linear):
                continue
            key, first, units = original_names(name, is_flux)
            if f"lora_unet_{key}.alpha" not in tensors:
                continue
            used |= {f"lora_unet_{key}.{end}" for end in ("lora_up.weight", "lora_down.weight", "alpha")}
            delta = comfy_delta(tensors, key)
            unit = delta.shape[0] // units
            if units > 1:
                delta = delta[first * unit:first * unit + module.out_features]
            elif name.endswith(("norm_out.linear", "norm1_context.linear")) and delta.shape[0] == 2 * delta.shape[1]:
                delta = torch.cat(delta.chunk(2)[::-1])  # the original has the shift first
            module.weight += delta
    assert used == set(tensors), f"ComfyUI would not load {sorted(set(tensors) - used)[:3]}"
    return model


def report(name, actual, expected, base):
    effect, difference = (expected - base).abs().max().item(), (actual - expected).abs().max().item()
    print(f"{name:34s} effect {effect:.4f}, difference {difference:.2e}")
    assert effect > 0.01 and difference < 1e-4, name


def check(flux=None):
    java = OUT / "java"
    base = velocity(transformer())
    expected = load_file(java / "golden.safetensors")["velocity"]
    report("peft", velocity(PeftModel.from_pretrained(transformer(), java / "peft")), expected, base)
    pipe = StableDiffusion3Pipeline.from_pretrained(BASE, text_encoder_3=None, tokenizer_3=None)
    pipe.load_lora_weights(java / "diffusers")
    report("diffusers, load_lora_weights", velocity(pipe.transformer), expected, base)
    report("kohya, ComfyUI's rule", velocity(by_comfy(transformer(), java / "kohya/kohya.safetensors", False)), expected, base)

    if flux:
        check_flux(Path(flux))


def check_flux(java):
    """The same deltas by diffusers' own converter, whose sizes are those of the real model."""
    converted = FluxLoraLoaderMixin.lora_state_dict(java / "flux-kohya/flux-kohya.safetensors")
    tensors = load_file(java / "flux-kohya/flux-kohya.safetensors")
    plain = load_file(java / "flux-peft/adapter_model.safetensors")
    config = json.loads((java / "flux-peft/adapter_config.json").read_text())
    scale, worst = config["lora_alpha"] / config["r"], 0
    for name in [k[:-len(".lora_A.weight")] for k in plain if k.endswith(".lora_A.weight")]:
        delta = scale * plain[name + ".lora_B.weight"] @ plain[name + ".lora_A.weight"]
        path = name.removeprefix("base_model.model.")
        theirs = converted[f"transformer.{path}.lora_B.weight"] @ converted[f"transformer.{path}.lora_A.weight"]
        key, first, units = original_names(path, True)
        comfy = comfy_delta(tensors, key)
        comfy = comfy[first * (comfy.shape[0] // units):][:delta.shape[0]]
        worst = max(worst, (delta - theirs).abs().max().item(), (delta - comfy).abs().max().item())
    print(f"FLUX: diffusers' kohya converter and ComfyUI's rule differ from PEFT's weights by {worst:.2e}")
    assert worst < 1e-5


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](*sys.argv[2:])
