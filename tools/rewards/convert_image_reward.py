"""Converts ImageReward-v1.0 from a pickle to a folder with config.json, model.safetensors and tokenizer.json, which FlowGuard reads.

    python tools/rewards/convert_image_reward.py ImageReward.pt bert-base-uncased image-reward

The second argument is a folder with the tokenizer of bert-base-uncased, to which BLIP adds two tokens; the third is written. Needs torch,
safetensors and transformers. The pickle is read with weights_only, so that it cannot run code.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer

# What the rest of the pickle is for (vision_proj, text_proj) plays no part in the reward.
PARTS = ("blip.visual_encoder.", "blip.text_encoder.", "mlp.layers.")
CONFIG = {
    "model_type": "image-reward",
    "vision_config": {
        "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16, "image_size": 224,
        "patch_size": 16, "layer_norm_eps": 1e-6},
    "text_config": {
        "vocab_size": 30524, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "max_position_embeddings": 512, "layer_norm_eps": 1e-12},
    "head_sizes": [1024, 128, 64, 16],
}


def convert(state):
    """The tensors that a reward follows from, under the names that they have."""
    return {
        name: tensor.float().contiguous().clone() for name, tensor in state.items()
        if name.startswith(PARTS) and not name.endswith("position_ids")
    }


def main(source, original, target):
    state = convert(torch.load(source, map_location="cpu", weights_only=True))
    for part in PARTS:
        if not any(name.startswith(part) for name in state):
            sys.exit(f"{source}: nothing in it begins with {part}, so it is not ImageReward")
    tokenizer = AutoTokenizer.from_pretrained(original, use_fast=True)
    # In this order: their ids are 30522 and 30523.
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    tokenizer.add_tokens(["[ENC]"], special_tokens=True)
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
