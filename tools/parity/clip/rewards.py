"""Writes small random CLIPs and the rewards that the Python originals' code gives with them, for the tests of reward-service.

    python tools/parity/clip/rewards.py

What is run is what flow_grpo (pickscore_scorer.py, clip_scorer.py, aesthetic_scorer.py) and HPSv2 (img_score.py with the transform of its
open_clip) run, with three replacements: the models are small and random, CLIP's processor is the one on Pillow, and HPSv2's CLIP-H is
transformers', whose embeddings are those of open_clip.
"""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from images import image

ROOT = Path(__file__).resolve().parents[3] / "reward-service/src/test/resources/parity/clip"
IMAGES = 60
LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789\"'.,!?-:")
PROMPTS = [
    "a red car", "", "a sign saying \"CARE\"", "Two cats & one dog, 3d render", "a photo of a bench " * 12, "naïve café 你好",
    "a photo of a blue cow", "x",
]
KINDS = {
    # Like CLIP-H: exact GELU, the legacy end of text. Like ViT-L/14: quick GELU.
    "h": dict(act="gelu", eos=2, width=16, heads=2, projection=10, image=28, patch=14, text_width=12),
    "l": dict(act="quick_gelu", eos=None, width=12, heads=2, projection=8, image=24, patch=8, text_width=12),
}


def tokenizer():
    vocab, merges = {}, []
    for token in LETTERS + [c + "</w>" for c in LETTERS]:
        vocab[token] = len(vocab)
    for word in ("photo", "cat", "sign"):
        merged = word[0]
        for i, letter in enumerate(word[1:], 1):
            part = letter + ("</w>" if i == len(word) - 1 else "")
            merges.append((merged, part))
            merged += part
            vocab.setdefault(merged, len(vocab))
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77)


def clip(kind, tokens):
    k = KINDS[kind]
    torch.manual_seed(41)
    model = CLIPModel(CLIPConfig(
        projection_dim=k["projection"],
        text_config=dict(
            vocab_size=len(tokens), hidden_size=k["text_width"], intermediate_size=24, num_hidden_layers=2,
            num_attention_heads=2, max_position_embeddings=77, hidden_act=k["act"], bos_token_id=tokens.bos_token_id,
            eos_token_id=k["eos"] or tokens.eos_token_id, pad_token_id=1),
        vision_config=dict(
            hidden_size=k["width"], intermediate_size=32, num_hidden_layers=2, num_attention_heads=k["heads"],
            image_size=k["image"], patch_size=k["patch"], hidden_act=k["act"]))).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Wide enough apart that the scores of images differ.
            parameter.add_(torch.randn_like(parameter) * (0.02 if name == "logit_scale" else 0.15))
        model.logit_scale.fill_(4.6052)
    return model


class Head(torch.nn.Module):
    """LAION's linear predictor, narrow."""

    def __init__(self, width):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(width, 16), torch.nn.Dropout(0.2), torch.nn.Linear(16, 12), torch.nn.Dropout(0.2),
            torch.nn.Linear(12, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 4), torch.nn.Linear(4, 1))


def tensor(picture):
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).float() / 255


def normalized(values):
    mean, std = torch.tensor(OPENAI_CLIP_MEAN)[:, None, None], torch.tensor(OPENAI_CLIP_STD)[:, None, None]
    return (values - mean) / std


def resized(values, size, mode):
    """torchvision's resize of a float tensor [C, H, W]."""
    if size[1] == 1 < size[0]:
        # torch (2.15) repeats the first row where the result is one pixel wide; one pixel high it is right.
        return resized(values.transpose(1, 2), size[::-1], mode).transpose(1, 2)
    return torch.nn.functional.interpolate(values[None], size, mode=mode, align_corners=False, antialias=True)[0]


def clipscore_pixels(picture, side):
    """Resize, CenterCrop, Normalize of clip_scorer.py, by torchvision 0.21, in torch's own words."""
    values = tensor(picture)
    height, width = values.shape[1:]
    short, long = min(height, width), max(height, width)
    other = int(side * long / short)
    height, width = (other, side) if width <= height else (side, other)
    top, left = int(round((height - side) / 2.0)), int(round((width - side) / 2.0))
    return normalized(resized(values, (height, width), "bilinear")[:, top:top + side, left:left + side])


def hps_pixels(picture, side):
    """ToTensor, ResizeMaxSize, MaskAwareNormalize; torchvision's resize and pad in torch's own words."""
    values = tensor(picture)
    height, width = values.shape[1:]
    scale = side / float(max(height, width))
    # The original fails where a side rounds to nothing, and where only the longer side fits already.
    size = tuple(max(1, round(dim * scale)) for dim in (height, width))
    if scale != 1.0:
        values = resized(values, size, "bicubic")
    pad_h, pad_w = side - size[0], side - size[1]
    values = torch.nn.functional.pad(values, (pad_w // 2, pad_w - pad_w // 2, pad_h // 2, pad_h - pad_h // 2))
    return normalized(values)


def unit(features):
    return features / features.norm(p=2, dim=-1, keepdim=True)


@torch.no_grad()
def main():
    tokens = tokenizer()
    goldens = []
    models, processors = {}, {}
    for kind, k in KINDS.items():
        folder = ROOT / kind
        models[kind] = clip(kind, tokens)
        models[kind].save_pretrained(folder)
        tokens.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        settings = {"size": {"shortest_edge": k["image"]}, "crop_size": {"height": k["image"], "width": k["image"]}}
        processors[kind] = CLIPImageProcessorPil(**settings)
        (folder / "preprocessor_config.json").write_text(
            json.dumps({"image_processor_type": "CLIPImageProcessor", "resample": 3, **settings}, indent=2) + "\n")
    torch.manual_seed(42)
    head = Head(KINDS["l"]["projection"]).eval()
    for parameter in head.parameters():
        parameter.mul_(3)
    save_file(head.state_dict(), ROOT / "head.safetensors")

    for number in range(IMAGES):
        picture, prompt = Image.fromarray(image(number)), PROMPTS[number % len(PROMPTS)]
        pixels = {kind: processors[kind](picture, return_tensors="pt")["pixel_values"] for kind in KINDS}
        texts = tokens(text=[prompt], padding=True, truncation=True, max_length=77, return_tensors="pt")
        h, l = models["h"], models["l"]

        image_embs = unit(h.get_image_features(pixels["h"]).pooler_output)
        text_embs = unit(h.get_text_features(**texts).pooler_output)
        pickscore = (h.logit_scale.exp() * (text_embs @ image_embs.T)).diag() / 26

        padded = tokens(text=[prompt], padding="max_length", truncation=True, max_length=77, return_tensors="pt")
        clipscore = l(pixel_values=clipscore_pixels(picture, KINDS["l"]["image"])[None], **padded).logits_per_image.diagonal() / 30

        aesthetic = head.layers(unit(l.get_image_features(pixels["l"]).pooler_output)).squeeze(1)

        hps_image = unit(h.get_image_features(hps_pixels(picture, KINDS["h"]["image"])[None]).pooler_output)
        goldens.append({"image": number, "prompt": prompt, "pickscore": pickscore.item(), "clipscore": clipscore.item(),
                        "aesthetic": aesthetic.item(), "hpsv2": (hps_image @ text_embs.T).item()})
    (ROOT / "rewards.json").write_text(json.dumps(goldens, ensure_ascii=False).replace("}, {", "},\n{") + "\n")
    for name in ("pickscore", "clipscore", "aesthetic", "hpsv2"):
        values = np.array([golden[name] for golden in goldens])
        print(f"{name:10} from {values.min():.4f} to {values.max():.4f}, deviation {values.std():.4f}, nearest to 0 {abs(values).min():.4f}")


if __name__ == "__main__":
    main()
