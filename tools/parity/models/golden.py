"""Writes the golden files of the models module with the public Python implementations, unmodified.

    python tools/parity/models/golden.py                 # everything that needs Python only
    python tools/parity/models/golden.py from-java       # the images of the directory and adapter that Java wrote

Every network is tiny and randomly initialised; what is compared is the mathematics, so small widths lose nothing.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

ROOT = Path(__file__).resolve().parents[3] / "models/src/test/resources/parity"
ATTENTION = ["to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"]
STEPS = 4
PROMPTS = [
    "",
    "   ",
    "a",
    "hello world",
    "HELLO   World\t\n twice",
    "a sign saying \"CARE\"",
    "it's don't we're I've I'm they'll she'd",
    "room 1234, floor 5.5!",
    "naïve café, Straße",
    "cafe\u0301 (decomposed)",
    "İstanbul ﬁne",
    "你好，世界",
    "rocket 🚀🧑‍🚀 family",
    "a<|endoftext|>b",
    "<|startoftext|> twice <|endoftext|>",
    "zero\u200bwidth\u00a0space",
    "!!! ??? ---",
    "under_score and-hyphen a/b\\c",
    "word " * 40,
    "x" * 200,
    "\u0000control\u0007",
]


def byte_alphabet():
    """The 256 printable stand-ins of byte-level BPE, in the order of OpenAI's CLIP vocabulary."""
    kept = list(range(ord("!"), ord("~") + 1)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    chars, extra = {b: chr(b) for b in kept}, 0
    for b in range(256):
        if b not in chars:
            chars[b] = chr(256 + extra)
            extra += 1
    return [chars[b] for b in kept] + [chars[b] for b in range(256) if b not in kept]


def vocabulary(alphabet, words):
    """Every character, alone and at the end of a word, then the merges that make each word one token."""
    vocab, merges = {}, []
    for token in alphabet + [c + "</w>" for c in alphabet]:
        vocab[token] = len(vocab)
    for word in words:
        parts = list(word[:-1]) + [word[-1] + "</w>"]
        merged = parts[0]
        for part in parts[1:]:
            if (merged, part) not in merges:
                merges.append((merged, part))
            merged += part
            vocab.setdefault(merged, len(vocab))
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    return vocab, merges


LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789\"'.,!?-:")


def tokenizers(variant, max_length):
    """Variant a knows every byte; variant b only a few characters, so that the unknown token shows."""
    vocab, merges = vocabulary(byte_alphabet() if variant == "a" else LETTERS, ["sign", "saying", "hello", "world"])
    first = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=max_length)
    second = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=max_length, pad_token="!")
    return first, second


def text_encoder(tokenizer, width, layers, heads, projection, act, eos, max_length):
    return CLIPTextModelWithProjection(CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, projection_dim=projection,
        num_hidden_layers=layers, num_attention_heads=heads, max_position_embeddings=max_length, hidden_act=act,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=eos or tokenizer.eos_token_id, pad_token_id=1)).eval()


def shake(module, std=0.2):
    """Random values everywhere, also where the initialisation writes ones and zeros, so that no term hides."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * std * 0.5)
    return module


def pipeline(variant):
    torch.manual_seed(11 if variant == "a" else 12)
    max_length = 12
    first, second = tokenizers(variant, max_length)
    if variant == "a":
        encoder = text_encoder(first, 16, 2, 2, 16, "quick_gelu", None, max_length)
        encoder_2 = text_encoder(second, 24, 3, 3, 20, "gelu", None, max_length)
        transformer = SD3Transformer2DModel(
            sample_size=16, patch_size=2, in_channels=4, out_channels=4, num_layers=2, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=48, caption_projection_dim=32, pooled_projection_dim=36,
            pos_embed_max_size=12, qk_norm="rms_norm")
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(8, 8, 16), layers_per_block=1, latent_channels=4, norm_num_groups=4, sample_size=64,
            mid_block_add_attention=False, use_quant_conv=False, use_post_quant_conv=False, scaling_factor=1.3,
            shift_factor=0.1)
    else:
        encoder = text_encoder(first, 16, 2, 2, 16, "quick_gelu", 2, max_length)
        encoder_2 = text_encoder(second, 16, 2, 4, 8, "gelu", 2, max_length)
        transformer = SD3Transformer2DModel(
            sample_size=8, patch_size=1, in_channels=3, out_channels=3, num_layers=2, attention_head_dim=8,
            num_attention_heads=3, joint_attention_dim=32, caption_projection_dim=24, pooled_projection_dim=24,
            pos_embed_max_size=9, qk_norm=None)
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 16), layers_per_block=2, latent_channels=3, norm_num_groups=8, sample_size=32,
            mid_block_add_attention=True, use_quant_conv=True, use_post_quant_conv=True, scaling_factor=0.7,
            shift_factor=-0.2)
    for module in (encoder, encoder_2, transformer, vae):
        shake(module, 0.1).eval()
    return StableDiffusion3Pipeline(
        transformer=transformer, vae=vae, scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), text_encoder=encoder,
        tokenizer=first, text_encoder_2=encoder_2, tokenizer_2=second, text_encoder_3=None, tokenizer_3=None)


def write(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, path)


def gradients(module, loss, prefix="grad."):
    module.zero_grad()
    loss.backward()
    return {prefix + name: p.grad for name, p in module.named_parameters() if p.grad is not None}


def transformer_golden(model, path, with_gradients=True):
    torch.manual_seed(21)
    c = model.config
    inputs = {
        "latents": torch.randn(2, c.in_channels, 4, 8), "timestep": torch.tensor([1000.0, 278.04878]),
        "context": torch.randn(2, 7, c.joint_attention_dim), "pooled": torch.randn(2, c.pooled_projection_dim)}

    def forward(context):
        return model(inputs["latents"], encoder_hidden_states=context, pooled_projections=inputs["pooled"],
                     timestep=inputs["timestep"], return_dict=False)[0]

    out = forward(inputs["context"])
    weight = torch.randn_like(out)
    zeros = torch.zeros(2, 250, c.joint_attention_dim)
    result = {**inputs, "weight": weight, "velocity": out,
              "velocity_zeros": forward(torch.cat([inputs["context"], zeros], 1))}
    if with_gradients:
        result |= gradients(model, (out * weight).mean())
    write(path, result)


def vae_golden(vae, path):
    torch.manual_seed(22)
    c = vae.config
    factor = 2 ** (len(c.block_out_channels) - 1)
    image = torch.rand(2, 3, 4 * factor, 6 * factor) * 2 - 1
    latents = torch.randn(2, c.latent_channels, 4, 6)
    moments = vae.encode(image).latent_dist.parameters
    decoded = vae.decode(latents).sample
    weight, weight_2 = torch.randn_like(decoded), torch.randn_like(moments)
    loss = (decoded * weight).mean() + (moments * weight_2).mean()
    write(path, {"image": image, "latents": latents, "moments": moments, "decoded": decoded, "weight": weight,
                 "weight_moments": weight_2, **gradients(vae, loss)})


def clip_golden(tokenizer, encoder, path):
    torch.manual_seed(23)
    ids = tokenizer(PROMPTS[:8], padding="max_length", max_length=12, truncation=True, return_tensors="pt").input_ids
    out = encoder(ids, output_hidden_states=True)
    context, pooled = out.hidden_states[-2], out.text_embeds
    weight, weight_2 = torch.randn_like(context), torch.randn_like(pooled)
    loss = (context * weight).mean() + (pooled * weight_2).mean()
    write(path, {"ids": ids, "context": context, "pooled": pooled, "weight_context": weight, "weight_pooled": weight_2,
                 **gradients(encoder, loss)})


def lora_golden(base, path):
    """A PEFT adapter with a B that is not zero: its files, what it draws, and the gradients of A and B."""
    torch.manual_seed(24)
    model = get_peft_model(base, LoraConfig(r=3, lora_alpha=12, target_modules=ATTENTION, init_lora_weights="gaussian"))
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.copy_(torch.randn_like(p) * 0.3)
    given = load_file(ROOT / "a/transformer.safetensors")
    out = model(given["latents"], encoder_hidden_states=given["context"], pooled_projections=given["pooled"],
                timestep=given["timestep"], return_dict=False)[0]
    grads = gradients(model, (out * given["weight"]).mean())
    write(path / "golden.safetensors", {"velocity": out, **{k.replace(".default", ""): v for k, v in grads.items()}})
    model.save_pretrained(path)
    (path / "README.md").unlink(missing_ok=True)


def draw(pipe, latents, prompts, max_sequence_length):
    c = pipe.transformer.config
    factor = pipe.vae_scale_factor
    arguments = dict(prompt=prompts, latents=latents, height=latents.shape[2] * factor, width=latents.shape[3] * factor,
                     num_inference_steps=STEPS, guidance_scale=1.0, max_sequence_length=max_sequence_length)
    pipe.set_progress_bar_config(disable=True)
    image = pipe(output_type="pt", **arguments).images
    final = pipe(output_type="latent", **arguments).images
    assert image.shape[0] == len(prompts) and final.shape[1] == c.in_channels
    return image, final


def pipeline_golden(pipe, path):
    torch.manual_seed(25)
    prompts = ["a sign saying \"CARE\"", "", "hello world 🚀"]
    latents = torch.randn(3, pipe.transformer.config.in_channels, 8, 4)
    result = {"latents": latents}
    for zeros in (256, 12):
        image, final = draw(pipe, latents, prompts, zeros)
        result |= {f"image.{zeros}": image, f"final.{zeros}": final}
    result["sigmas"] = pipe.scheduler.sigmas
    context, _, pooled, _ = pipe.encode_prompt(prompts, None, None, do_classifier_free_guidance=False,
                                               max_sequence_length=12)
    result |= {"context": context, "pooled": pooled}
    write(path, result)
    path.with_suffix(".json").write_text(json.dumps({"prompts": prompts}, ensure_ascii=False) + "\n")


def tokenizer_golden():
    cases = {}
    for variant in ("a", "b"):
        for name, tokenizer in zip(("tokenizer", "tokenizer_2"), tokenizers(variant, 12)):
            cases[f"{variant}/pipeline/{name}"] = tokenizer(
                PROMPTS, padding="max_length", max_length=12, truncation=True).input_ids
    # The layout of Stable Diffusion 3.5: no tokenizer.json, only the vocabulary and the merges.
    vocab, merges = vocabulary(LETTERS, ["sign", "saying", "hello", "world"])
    plain = ROOT / "plain-tokenizer"
    plain.mkdir(parents=True, exist_ok=True)
    (plain / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (plain / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(m) for m in merges) + "\n")
    (plain / "tokenizer_config.json").write_text(json.dumps({
        "add_prefix_space": False, "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "errors": "replace",
        "model_max_length": 16, "pad_token": "!", "tokenizer_class": "CLIPTokenizer", "unk_token": "<|endoftext|>"}))
    cases["plain-tokenizer"] = CLIPTokenizer.from_pretrained(plain)(
        PROMPTS, padding="max_length", max_length=16, truncation=True).input_ids
    (ROOT / "tokenizers.json").write_text(json.dumps({"prompts": PROMPTS, "ids": cases}, ensure_ascii=False) + "\n")


def python_side():
    tokenizer_golden()
    for variant in ("a", "b"):
        pipe = pipeline(variant)
        target = ROOT / variant
        pipe.save_pretrained(target / "pipeline")
        transformer_golden(pipe.transformer, target / "transformer.safetensors")
        vae_golden(pipe.vae, target / "vae.safetensors")
        clip_golden(pipe.tokenizer, pipe.text_encoder, target / "text_encoder.safetensors")
        clip_golden(pipe.tokenizer_2, pipe.text_encoder_2, target / "text_encoder_2.safetensors")
        pipeline_golden(pipe, target / "pipeline.safetensors")
    lora_golden(SD3Transformer2DModel.from_pretrained(ROOT / "a/pipeline/transformer"), ROOT / "a/adapter")


def load(directory):
    # diffusers wants to be told of the absent T5 also where model_index.json says so.
    return StableDiffusion3Pipeline.from_pretrained(directory, text_encoder_3=None, tokenizer_3=None)


def java_side():
    """What the unmodified implementations draw with the files that dev.flowguard.models wrote."""
    source = ROOT / "from-java"
    pipe = load(source / "pipeline")
    torch.manual_seed(31)
    prompts = ["a sign saying \"CARE\"", "plain"]
    latents = torch.randn(2, pipe.transformer.config.in_channels, 4, 8)
    base = draw(pipe, latents, prompts, 12)[0]

    diffusers_pipe = load(source / "pipeline")
    diffusers_pipe.load_lora_weights(source / "adapter")
    by_diffusers = draw(diffusers_pipe, latents, prompts, 12)[0]

    peft_pipe = load(source / "pipeline")
    wrapped = PeftModel.from_pretrained(peft_pipe.transformer, source / "adapter")
    peft_pipe.transformer = wrapped.base_model.model
    by_peft = draw(peft_pipe, latents, prompts, 12)[0]

    effect, difference = (by_peft - base).abs().max().item(), (by_peft - by_diffusers).abs().max().item()
    print(f"adapter changes the image by {effect:.4f}; peft and diffusers differ by {difference:.2e}")
    assert effect > 0.01 and difference < 1e-5, "the two layouts do not load at the same scale"
    write(source / "golden.safetensors", {
        "latents": latents, "sigmas": pipe.scheduler.sigmas, "image": base, "image_adapter": by_peft})
    (source / "golden.json").write_text(json.dumps({"prompts": prompts}) + "\n")


if __name__ == "__main__":
    java_side() if sys.argv[1:] == ["from-java"] else python_side()
