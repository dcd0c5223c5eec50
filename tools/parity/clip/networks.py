"""Writes the golden files of CLIP in the models module: small random CLIPModels, and what transformers makes of them.

    python tools/parity/clip/networks.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from images import image

ROOT = Path(__file__).resolve().parents[3] / "models/src/test/resources/parity/clip"
VOCABULARY = 60
# The exact GELU and the legacy end of text like CLIP-H, the quick GELU and a real one like ViT-L/14.
KINDS = {
    "h": dict(act="gelu", eos=2, width=24, heads=3, text_width=16, projection=20, image=28, patch=14),
    "l": dict(act="quick_gelu", eos=VOCABULARY - 1, width=16, heads=2, text_width=24, projection=12, image=32, patch=8),
}
PROCESSORS = {
    "plain": {"size": {"shortest_edge": 28}, "crop_size": {"height": 28, "width": 28}},
    "old": {"size": 24, "crop_size": 28, "resample": 2, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.5, 0.25, 0.2]},
    "exact": {"size": {"height": 40, "width": 30}, "crop_size": {"height": 31, "width": 36}, "resample": 1},
}


def model(kind):
    k = KINDS[kind]
    torch.manual_seed(31)
    config = CLIPConfig(
        projection_dim=k["projection"],
        text_config=dict(
            vocab_size=VOCABULARY, hidden_size=k["text_width"], intermediate_size=2 * k["text_width"],
            num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=12, hidden_act=k["act"],
            bos_token_id=VOCABULARY - 2, eos_token_id=k["eos"], pad_token_id=1),
        vision_config=dict(
            hidden_size=k["width"], intermediate_size=2 * k["width"], num_hidden_layers=2,
            num_attention_heads=k["heads"], image_size=k["image"], patch_size=k["patch"], hidden_act=k["act"]))
    made = CLIPModel(config).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made


def networks():
    for kind in KINDS:
        made = model(kind)
        folder = ROOT / kind
        made.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        ids = torch.randint(0, VOCABULARY - 2, (4, 12))
        ids[:, 0] = VOCABULARY - 2
        for row, end in enumerate([11, 3, 5, 1]):
            ids[row, end:] = VOCABULARY - 1
        pixels = torch.randn(3, 3, made.config.vision_config.image_size, made.config.vision_config.image_size)
        with torch.no_grad():
            outputs = made(input_ids=ids, pixel_values=pixels)
            texts = made.get_text_features(ids).pooler_output
            images = made.get_image_features(pixels).pooler_output
        torch.testing.assert_close(outputs.image_embeds, images / images.norm(dim=-1, keepdim=True))
        save_file({"ids": ids, "pixels": pixels, "texts": texts.contiguous(), "images": images.contiguous(),
                   "logits_per_image": outputs.logits_per_image.contiguous()}, folder / "golden.safetensors")


def processors():
    for name, settings in PROCESSORS.items():
        processor = CLIPImageProcessorPil(**settings)
        folder = ROOT / "processor" / name
        folder.mkdir(parents=True, exist_ok=True)
        config = {"image_processor_type": "CLIPImageProcessor", **settings}
        (folder / "preprocessor_config.json").write_text(json.dumps(config, indent=2) + "\n")
        pixels = {}
        for number in range(40):
            values = processor(Image.fromarray(image(number)), return_tensors="np")["pixel_values"][0]
            # Every 37th value, so that the file stays small; the shape of the whole comes with it.
            pixels[str(number)] = torch.from_numpy(values.astype(np.float32).reshape(-1)[::37].copy())
            pixels[f"{number}.shape"] = torch.tensor(values.shape)
        save_file(pixels, folder / "golden.safetensors")


if __name__ == "__main__":
    networks()
    processors()
