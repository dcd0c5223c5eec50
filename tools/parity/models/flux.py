"""Writes the golden files of FLUX with the public Python implementations, unmodified.

    python tools/parity/models/flux.py

"dev" has a guidance embedding and a dynamic shift like FLUX.1-dev, "schnell" neither, like FLUX.1-schnell.
"""

import copy
import json

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from transformers import CLIPTextConfig, CLIPTextModel, T5Config, T5EncoderModel, T5TokenizerFast

from golden import ROOT, STEPS, gradients, shake, tokenizers, write

VARIANTS = ("dev", "schnell")
PROMPTS = ["a sign saying \"CARE\"", "a red fox, " * 30, "hello world 🚀"]
NEGATIVE = "blurry, low quality"
LENGTH = 12


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
    narrow = copy.deepcopy(model).to(torch.bfloat16)
    result = {**inputs, "latents": latents, "bfloat16_sample": narrow(
        **{name: value.to(torch.bfloat16) if value.ndim == 3 or name == "pooled_projections" else value
           for name, value in inputs.items()}, return_dict=False)[0].float(), "sample": out, "weight": weight,
              "velocity": FluxPipeline._unpack_latents(out, height, width, 1),
              "far_sample": model(**(inputs | far), return_dict=False)[0],
              **{"far_" + name: value for name, value in far.items()}}
    write(path, result | gradients(model, (out * weight).mean()))


def t5_tokenizer():
    """Letters and a few words; the real vocabulary and normalisation are sd35.py's matter."""
    pieces = ["▁", *"abcdefghijklmnopqrstuvwxyz,\"", "▁a", "▁sign", "▁red", "▁fox", "▁hello", "▁low", "lo"]
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocab += [(piece, -2.0 - 0.01 * i) for i, piece in enumerate(pieces)]
    return T5TokenizerFast(vocab=vocab, extra_ids=0, model_max_length=512)


def pipeline(variant):
    first = tokenizers("b", LENGTH)[0]
    second = t5_tokenizer()
    encoder = CLIPTextModel(CLIPTextConfig(
        vocab_size=len(first), hidden_size=12, intermediate_size=24, projection_dim=12, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=LENGTH, hidden_act="quick_gelu",
        bos_token_id=first.bos_token_id, eos_token_id=first.eos_token_id, pad_token_id=1))
    encoder_2 = T5EncoderModel(T5Config(
        vocab_size=len(second), d_model=16, d_kv=4, d_ff=24, num_layers=2, num_heads=2, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False))
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(4, 8), layers_per_block=1, latent_channels=3, norm_num_groups=2, sample_size=32,
        mid_block_add_attention=True, use_quant_conv=False, use_post_quant_conv=False, scaling_factor=0.3611,
        shift_factor=0.1159)
    model = transformer(variant)
    for module in (encoder, encoder_2, model, vae):
        shake(module, 0.1).eval()
    scheduler = FlowMatchEulerDiscreteScheduler(
        shift=3.0, use_dynamic_shifting=True) if variant == "dev" else FlowMatchEulerDiscreteScheduler(shift=1.0)
    return FluxPipeline(
        transformer=model, vae=vae, scheduler=scheduler, text_encoder=encoder, tokenizer=first,
        text_encoder_2=encoder_2, tokenizer_2=second)


def clip_golden(tokenizer, encoder, path):
    torch.manual_seed(22)
    ids = tokenizer(PROMPTS, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt").input_ids
    pooled = encoder(ids).pooler_output
    weight = torch.randn_like(pooled)
    write(path, {"ids": ids, "pooler_output": pooled, "weight": weight,
                 **gradients(encoder, (pooled * weight).mean(), "grad.text_model.")})


def pipeline_golden(pipe, path):
    """A wide image, with the guidance embedding alone and with true classifier-free guidance on top."""
    torch.manual_seed(23)
    height, width = 6, 8
    channels = pipe.transformer.config.in_channels // 4
    latents = torch.randn(len(PROMPTS), channels, height, width)
    factor = pipe.vae_scale_factor
    pipe.set_progress_bar_config(disable=True)
    arguments = dict(
        prompt=PROMPTS, latents=FluxPipeline._pack_latents(latents, len(PROMPTS), channels, height, width),
        height=height * factor, width=width * factor, num_inference_steps=STEPS, guidance_scale=3.5,
        max_sequence_length=LENGTH)
    result = {"latents": latents}
    for name, guidance in (
            ("embedded", {}), ("true_cfg", dict(true_cfg_scale=4.0, negative_prompt=[NEGATIVE] * len(PROMPTS)))):
        result[f"image.{name}"] = pipe(output_type="pt", **arguments, **guidance).images
        final = pipe(output_type="latent", **arguments, **guidance).images
        result[f"final.{name}"] = FluxPipeline._unpack_latents(final, height * factor, width * factor, factor)
    result["sigmas"] = pipe.scheduler.sigmas
    context, pooled, _ = pipe.encode_prompt(PROMPTS, None, max_sequence_length=LENGTH)
    write(path, result | {"context": context, "pooled": pooled})
    path.with_suffix(".json").write_text(
        json.dumps({"prompts": PROMPTS, "negative_prompt": NEGATIVE}, ensure_ascii=False) + "\n")


def main():
    for variant in VARIANTS:
        torch.manual_seed(13 if variant == "dev" else 14)
        target = ROOT / "flux" / variant
        pipe = pipeline(variant)
        pipe.save_pretrained(target / "pipeline")
        index = target / "pipeline/model_index.json"
        index.write_text(json.dumps(json.loads(index.read_text()) | {"_max_sequence_length": LENGTH}, indent=2) + "\n")
        transformer_golden(pipe.transformer, target / "transformer.safetensors")
        clip_golden(pipe.tokenizer, pipe.text_encoder, target / "text_encoder.safetensors")
        pipeline_golden(pipe, target / "pipeline.safetensors")


if __name__ == "__main__":
    main()
