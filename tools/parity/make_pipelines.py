"""Writes small random pipeline folders of every configuration that FlowGuard claims to compute as diffusers does.

    python tools/parity/make_pipelines.py FOLDER [NAME ...]

Shapes are tiny, structures are those of the published models. Every parameter is random, also where the initialisation has
ones and zeros, so that no term hides.
"""

import argparse
import json
from pathlib import Path

import torch
from diffusers import (AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel,
                       SD3Transformer2DModel, StableDiffusion3Pipeline)
from transformers import (CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer, T5Config,
                          T5EncoderModel, T5TokenizerFast)

GOLDEN = Path(__file__).resolve().parents[2] / "models/src/test/resources/parity"
VOCABULARY = len(json.loads((GOLDEN / "tokenizers/clip/vocab.json").read_text()))


def shake(module):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return module.eval()


def clip_config(width, heads, projection, act, eos):
    return CLIPTextConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=4 * width, projection_dim=projection, num_hidden_layers=3,
        num_attention_heads=heads, max_position_embeddings=77, hidden_act=act, bos_token_id=VOCABULARY - 2, eos_token_id=eos,
        pad_token_id=1)


def clip_l(eos=None):
    """quick GELU, heads of 64 in the original; its configuration says eos_token_id 2 or the right one."""
    return shake(CLIPTextModelWithProjection(clip_config(24, 3, 24, "quick_gelu", eos or VOCABULARY - 1)))


def clip_g():
    """GELU, wider, a projection of another width."""
    return shake(CLIPTextModelWithProjection(clip_config(40, 5, 32, "gelu", VOCABULARY - 1)))


def t5(width):
    """T5 v1.1: gated GELU, no sharing with an output layer."""
    return shake(T5EncoderModel(T5Config(
        vocab_size=700, d_model=width, d_kv=8, d_ff=2 * width, num_layers=3, num_heads=4, feed_forward_proj="gated-gelu",
        relative_attention_num_buckets=32, relative_attention_max_distance=128, tie_word_embeddings=False)))


def vae(channels, quantisation, attention=True):
    return shake(AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3, block_out_channels=(8, 16, 16),
        layers_per_block=2, latent_channels=channels, norm_num_groups=4, sample_size=64, mid_block_add_attention=attention,
        use_quant_conv=quantisation, use_post_quant_conv=quantisation, scaling_factor=1.5305, shift_factor=0.0609))


def sd3_transformer(**options):
    return shake(SD3Transformer2DModel(**{**dict(
        sample_size=32, patch_size=2, in_channels=16, out_channels=16, num_layers=3, attention_head_dim=8,
        num_attention_heads=4, joint_attention_dim=64, caption_projection_dim=32, pooled_projection_dim=56,
        pos_embed_max_size=24), **options}))


def flux_transformer(guidance):
    return shake(FluxTransformer2DModel(
        patch_size=1, in_channels=64, num_layers=2, num_single_layers=3, attention_head_dim=16, num_attention_heads=3,
        joint_attention_dim=64, pooled_projection_dim=24, guidance_embeds=guidance, axes_dims_rope=(4, 6, 6)))


def clip_tokenizer(name):
    return CLIPTokenizer.from_pretrained(GOLDEN / "tokenizers" / name)


def t5_tokenizer():
    return T5TokenizerFast.from_pretrained(GOLDEN / "sd35/medium/pipeline/tokenizer_3")


def sd3(transformer, autoencoder, with_t5, eos=None):
    return StableDiffusion3Pipeline(
        transformer=transformer, vae=autoencoder, scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=clip_l(eos), tokenizer=clip_tokenizer("clip"), text_encoder_2=clip_g(),
        tokenizer_2=clip_tokenizer("clip-exclamation"), text_encoder_3=t5(64) if with_t5 else None,
        tokenizer_3=t5_tokenizer() if with_t5 else None)


def flux(guidance):
    text = shake(CLIPTextModel(clip_config(24, 3, 24, "quick_gelu", VOCABULARY - 1)))
    return FluxPipeline(
        transformer=flux_transformer(guidance), vae=vae(16, quantisation=False), text_encoder=text,
        tokenizer=clip_tokenizer("clip"), text_encoder_2=t5(64), tokenizer_2=t5_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=guidance))


# Name: what it is made of, and how save_pretrained writes it.
PIPELINES = {
    "sd3": (lambda: sd3(sd3_transformer(), vae(16, quantisation=False), with_t5=False, eos=2), {}),
    "sd35-medium": (lambda: sd3(
        sd3_transformer(qk_norm="rms_norm", dual_attention_layers=(0, 1)), vae(16, quantisation=False), with_t5=True), {}),
    "sd35-large": (lambda: sd3(
        sd3_transformer(qk_norm="rms_norm", num_layers=4), vae(16, quantisation=False, attention=False), with_t5=True),
        {"max_shard_size": "100KB"}),
    "sd3-quant-conv": (lambda: sd3(sd3_transformer(), vae(16, quantisation=True), with_t5=True), {}),
    "sd35-fp16": (lambda: sd3(
        sd3_transformer(qk_norm="rms_norm", dual_attention_layers=(0,)), vae(16, quantisation=False), with_t5=True
    ).to(torch.float16), {}),
    "flux-dev": (lambda: flux(guidance=True), {}),
    "flux-schnell": (lambda: flux(guidance=False), {}),
    "flux-bf16": (lambda: flux(guidance=True).to(torch.bfloat16), {"max_shard_size": "150KB"}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", choices=[*PIPELINES, []], metavar="NAME", help=f"of {', '.join(PIPELINES)}")
    options = parser.parse_args()
    for name in options.names or PIPELINES:
        make, saving = PIPELINES[name]
        torch.manual_seed(1)
        make().save_pretrained(options.folder / name, **saving)
        print(options.folder / name)


if __name__ == "__main__":
    main()
