"""Writes the golden files of Stable Diffusion 3.5: dual attention, QK norm, T5, whole images with guidance, tiled VAE.

    python tools/parity/models/sd35.py

Unlike golden.py this needs sentencepiece, to train a small T5 vocabulary with the original's normalisation.
"""

import base64
import gzip
import io
import json
import shutil

import sentencepiece
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
from sentencepiece import sentencepiece_model_pb2
from transformers import T5Config, T5EncoderModel, T5TokenizerFast

from golden import ROOT, STEPS, gradients, shake, text_encoder, tokenizers, transformer_golden, write

TARGET = ROOT / "sd35"
EXTRA_IDS = 100
PROMPTS = json.loads((ROOT / "prompts-1000.json").read_text())["prompts"]


def train_vocabulary():
    """A sentencepiece model with the special tokens and the normalisation (nmt_nfkc) of T5."""
    model = io.BytesIO()
    lines = [line for prompt in PROMPTS for line in prompt.splitlines() if line.strip() and "\0" not in line]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type="unigram", vocab_size=500,
        character_coverage=0.98, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_name="nmt_nfkc",
        num_threads=1, hard_vocab_limit=False, minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto


def write_tokenizer(path):
    """As Stable Diffusion 3.5 and FLUX publish it: written by transformers 4, whose steps differ from version 5's."""
    proto = train_vocabulary()
    vocab = [(piece.piece, piece.score) for piece in proto.pieces]
    vocab += [(f"<extra_id_{i}>", 0.0) for i in reversed(range(EXTRA_IDS))]
    tokenizer = T5TokenizerFast(
        vocab=vocab, _spm_precompiled_charsmap=proto.normalizer_spec.precompiled_charsmap, extra_ids=EXTRA_IDS,
        model_max_length=512)
    tokenizer.save_pretrained(path)
    file = path / "tokenizer.json"
    content = json.loads(file.read_text())
    charsmap = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
    content["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": charsmap},
        {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]}
    content["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    content["truncation"] = content["padding"] = None
    file.write_text(json.dumps(content, ensure_ascii=False))
    return T5TokenizerFast.from_pretrained(path)



def tokenizer_golden(tokenizer):
    """A line a prompt, neither cut nor padded."""
    ids = tokenizer(PROMPTS, verbose=False).input_ids
    assert sum(2 in row for row in ids) > 100, "the vocabulary is meant to lack some characters"
    lines = "".join(" ".join(map(str, row)) + "\n" for row in ids)
    # Without a time stamp, so that the same ids are the same file.
    (TARGET / "ids.txt.gz").write_bytes(gzip.compress(lines.encode(), 9, mtime=0))


def t5_golden(encoder, path):
    """Long enough for every bucket of distances; a second call with a mask."""
    torch.manual_seed(41)
    ids = torch.randint(0, encoder.config.vocab_size, (2, 100))
    mask = torch.ones_like(ids)
    mask[0, 70:] = 0
    mask[1, :3] = 0
    out = encoder(ids).last_hidden_state
    weight = torch.randn_like(out)
    masked = encoder(ids, attention_mask=mask).last_hidden_state
    write(path, {"ids": ids, "mask": mask, "states": out, "states_masked": masked, "weight": weight,
                 **gradients(encoder, (out * weight).mean())})


def tiling_golden(vae, path):
    """Tiles of sample_size; neither side is a multiple of a tile."""
    torch.manual_seed(42)
    c = vae.config
    factor = 2 ** (len(c.block_out_channels) - 1)
    latents = torch.randn(1, c.latent_channels, c.sample_size // factor + 3, 2 * c.sample_size // factor + 5)
    image = torch.rand(1, 3, latents.shape[2] * factor, latents.shape[3] * factor) * 2 - 1
    vae.enable_tiling()
    write(path, {"latents": latents, "image": image, "decoded": vae.decode(latents).sample,
                 "moments": vae.encode(image).latent_dist.parameters})
    vae.disable_tiling()


def medium():
    """The shape of Stable Diffusion 3.5 Medium: dual attention in the first layers, positions for 6 times the base size."""
    torch.manual_seed(43)
    first, second = tokenizers("b", 12)
    third = write_tokenizer(TARGET / "tokenizer_3")
    encoder = text_encoder(first, 8, 2, 2, 8, "quick_gelu", None, 12)
    encoder_2 = text_encoder(second, 12, 2, 2, 8, "gelu", None, 12)
    encoder_3 = T5EncoderModel(T5Config(
        vocab_size=len(third) + 8, d_model=24, d_kv=8, d_ff=32, num_layers=2, num_heads=2,
        feed_forward_proj="gated-gelu", tie_word_embeddings=False)).eval()
    transformer = SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, out_channels=4, num_layers=3, attention_head_dim=8,
        num_attention_heads=2, joint_attention_dim=24, caption_projection_dim=16, pooled_projection_dim=16,
        pos_embed_max_size=24, qk_norm="rms_norm", dual_attention_layers=(0, 1))
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(4, 4, 8), layers_per_block=1, latent_channels=4, norm_num_groups=2, sample_size=32,
        mid_block_add_attention=True, use_quant_conv=False, use_post_quant_conv=False, scaling_factor=1.5305,
        shift_factor=0.0609)
    for module in (encoder, encoder_2, encoder_3, transformer, vae):
        shake(module, 0.1).eval()
    return StableDiffusion3Pipeline(
        transformer=transformer, vae=vae, scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), text_encoder=encoder,
        tokenizer=first, text_encoder_2=encoder_2, tokenizer_2=second, text_encoder_3=encoder_3, tokenizer_3=third)


def large():
    """The transformer of Stable Diffusion 3.5 Large: QK norm, no dual attention, positions for 3 times the base size."""
    torch.manual_seed(44)
    return shake(SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, out_channels=4, num_layers=2, attention_head_dim=4,
        num_attention_heads=3, joint_attention_dim=20, caption_projection_dim=12, pooled_projection_dim=16,
        pos_embed_max_size=12, qk_norm="rms_norm"), 0.1).eval()


def pipeline_golden(pipe, path):
    """Guidance, a negative prompt, an image that is twice as high as wide, prompts longer than either sequence."""
    torch.manual_seed(45)
    prompts = ["a sign saying \"CARE\"", "a red fox, " * 30, "hello world 🚀"]
    negative = "blurry, low quality"
    latents = torch.randn(3, pipe.transformer.config.in_channels, 8, 4)
    factor = pipe.vae_scale_factor
    pipe.set_progress_bar_config(disable=True)
    result = {"latents": latents}
    for length in (256, 24):
        arguments = dict(
            prompt=prompts, negative_prompt=[negative] * 3, latents=latents, height=latents.shape[2] * factor,
            width=latents.shape[3] * factor, num_inference_steps=STEPS, guidance_scale=4.5,
            max_sequence_length=length)
        result[f"image.{length}"] = pipe(output_type="pt", **arguments).images
        result[f"final.{length}"] = pipe(output_type="latent", **arguments).images
    result["sigmas"] = pipe.scheduler.sigmas
    context, negative_context, pooled, negative_pooled = pipe.encode_prompt(
        prompts, None, None, negative_prompt=[negative] * 3, max_sequence_length=24)
    write(path, result | {"context": torch.cat([negative_context, context]),
                          "pooled": torch.cat([negative_pooled, pooled])})
    path.with_suffix(".json").write_text(
        json.dumps({"prompts": prompts, "negative_prompt": negative}, ensure_ascii=False) + "\n")


def main():
    pipe = medium()
    target = TARGET / "medium"
    published = (TARGET / "tokenizer_3/tokenizer.json").read_bytes()
    pipe.save_pretrained(target / "pipeline")
    (target / "pipeline/tokenizer_3/tokenizer.json").write_bytes(published)
    shutil.rmtree(TARGET / "tokenizer_3")
    tokenizer_golden(pipe.tokenizer_3)
    transformer_golden(pipe.transformer, target / "transformer.safetensors")
    t5_golden(pipe.text_encoder_3, target / "text_encoder_3.safetensors")
    tiling_golden(pipe.vae, target / "vae-tiled.safetensors")
    pipeline_golden(pipe, target / "pipeline.safetensors")
    tiling_golden(AutoencoderKL.from_pretrained(ROOT / "b/pipeline/vae"), TARGET / "vae-tiled-b.safetensors")
    transformer = large()
    transformer.save_pretrained(TARGET / "large/transformer")
    transformer_golden(transformer, TARGET / "large/transformer.safetensors")


if __name__ == "__main__":
    main()
