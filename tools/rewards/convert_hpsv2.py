"""Converts HPSv2's weights from open_clip's pickle to the Hugging Face layout, which FlowGuard reads.

    python tools/rewards/convert_hpsv2.py HPS_v2.1_compressed.pt CLIP-ViT-H-14-laion2B-s32B-b79K hpsv2

The second argument is a folder with the configuration and the tokenizer of laion/CLIP-ViT-H-14-laion2B-s32B-b79K, whose architecture HPSv2
has; the third is written. Needs torch and safetensors. The pickle is read with weights_only, so that it cannot run code.
"""

import re
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

COPIED = ["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json"]
NAMES = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.ln_pre.": "vision_model.pre_layrnorm.",
    "visual.ln_post.": "vision_model.post_layernorm.",
    "visual.transformer.resblocks.": "vision_model.encoder.layers.",
    "transformer.resblocks.": "text_model.encoder.layers.",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.": "text_model.final_layer_norm.",
    "logit_scale": "logit_scale",
}
WITHIN_A_LAYER = [
    (".ln_1.", ".layer_norm1."), (".ln_2.", ".layer_norm2."), (".mlp.c_fc.", ".mlp.fc1."), (".mlp.c_proj.", ".mlp.fc2."),
    (".attn.out_proj.", ".self_attn.out_proj."),
]


def convert(state):
    """Tensors by open_clip's names to tensors by transformers'."""
    converted = {}
    for name, tensor in state.items():
        if name == "visual.proj":
            converted["visual_projection.weight"] = tensor.T
            continue
        if name == "text_projection":
            converted["text_projection.weight"] = tensor.T
            continue
        if name.endswith("attn_mask"):
            continue
        prefix = next((known for known in NAMES if name.startswith(known)), None)
        if prefix is None:
            sys.exit(f"{name} is no tensor of open_clip's ViT-H-14")
        renamed = NAMES[prefix] + name[len(prefix):]
        for ours, theirs in WITHIN_A_LAYER:
            renamed = renamed.replace(ours, theirs)
        joined = re.fullmatch(r"(.*)\.attn\.in_proj_(weight|bias)", renamed)
        if joined:
            for part, value in zip("qkv", tensor.chunk(3)):
                converted[f"{joined[1]}.self_attn.{part}_proj.{joined[2]}"] = value
        else:
            converted[renamed] = tensor
    return {name: tensor.float().contiguous().clone() for name, tensor in converted.items()}


def main(source, original, target):
    state = torch.load(source, map_location="cpu", weights_only=True)
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        if (Path(original) / name).is_file():
            shutil.copy(Path(original) / name, folder / name)
    save_file(convert(state.get("state_dict", state)), folder / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
