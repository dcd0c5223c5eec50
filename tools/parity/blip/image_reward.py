"""Writes a small random ImageReward and the rewards that Python gives with it, for the tests of reward-service.

    python tools/parity/blip/image_reward.py

What is run is ImageReward.score of THUDM/ImageReward: its transform on Pillow, its padding to 35 tokens, its head. The networks are
transformers' BlipVisionModel and BlipTextModel, which compute what the original's visual_encoder and text_encoder do; the file that is
written has the original's names, as tools/rewards/convert_image_reward.py leaves them.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from tokenizers import BertWordPieceTokenizer
from transformers import BlipTextConfig, BlipTextModel, BlipVisionConfig, BlipVisionModel, PreTrainedTokenizerFast

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "clip"))
from images import image

ROOT = HERE.parents[3] / "reward-service/src/test/resources/parity/image-reward"
IMAGES = 60
TOKENS = 35
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
REWARD_MEAN, REWARD_STD = 0.16717362830052426, 1.0333394966054072
PROMPTS = [
    "a red car", "", "A sign saying \"CARE\"", "Two cats & one dog, 3d render", "a photo of a bench " * 12, "naïve café 你好",
    "a photo of a blue cow", "x", "[SEP] photo [ENC]", "photos   of\tphotocats",
]
VISION = dict(hidden_size=36, intermediate_size=48, num_hidden_layers=2, num_attention_heads=3, image_size=32, patch_size=8)
TEXT = dict(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=40)
HEAD = [20, 12, 8, 4]


def tokenizer():
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + list("0123456789\"'.,!?-:&[]")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + letter for letter in letters),
             "photo", "##photo", "##cat", "sign", "of", "cat", "##s", "red", "car", "blue", "你", "[DEC]", "[ENC]"]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(words))}
    made = BertWordPieceTokenizer(vocabulary, lowercase=True)
    made.add_special_tokens(["[DEC]", "[ENC]"])
    made.save(str(ROOT / "tokenizer.json"))
    return PreTrainedTokenizerFast(
        tokenizer_file=str(ROOT / "tokenizer.json"), pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"), len(vocabulary)


def names(state, prefix, rules):
    """The original's names of transformers' tensors."""
    renamed = {}
    for name, tensor in state.items():
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        renamed[prefix + name] = tensor.contiguous()
    return renamed


VISION_RULES = [
    (r"^embeddings\.class_embedding$", "cls_token"), (r"^embeddings\.position_embedding$", "pos_embed"),
    (r"^embeddings\.patch_embedding\.", "patch_embed.proj."), (r"^encoder\.layers\.", "blocks."), (r"layer_norm(\d)", r"norm\1"),
    (r"self_attn\.qkv", "attn.qkv"), (r"self_attn\.projection", "attn.proj"), (r"^post_layernorm", "norm"),
]


def head(width):
    layers, dropouts = [], (0.2, 0.2, 0.1)
    for number, (inputs, outputs) in enumerate(zip([width, *HEAD], [*HEAD, 1])):
        layers.append(torch.nn.Linear(inputs, outputs))
        if number < len(dropouts):
            layers.append(torch.nn.Dropout(dropouts[number]))
    return torch.nn.Sequential(*layers)


def pixels(picture, side):
    """torchvision's Resize(side, BICUBIC), CenterCrop(side), ToTensor and Normalize of a Pillow image."""
    width, height = picture.size
    short, long = min(width, height), max(width, height)
    other = int(side * long / short)
    width, height = (side, other) if width <= height else (other, side)
    resized = picture.resize((width, height), Image.Resampling.BICUBIC)
    top, left = int(round((height - side) / 2.0)), int(round((width - side) / 2.0))
    cropped = resized.crop((left, top, left + side, top + side))
    values = torch.from_numpy(np.asarray(cropped).copy()).permute(2, 0, 1).float() / 255
    return (values - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


@torch.no_grad()
def main():
    ROOT.mkdir(parents=True, exist_ok=True)
    tokens, size = tokenizer()
    torch.manual_seed(51)
    visual = BlipVisionModel(BlipVisionConfig(**VISION, hidden_act="gelu", layer_norm_eps=1e-6)).eval()
    text = BlipTextModel(
        BlipTextConfig(**TEXT, vocab_size=size, encoder_hidden_size=VISION["hidden_size"], hidden_act="gelu",
                       layer_norm_eps=1e-12, is_decoder=True, pad_token_id=0), add_pooling_layer=False).eval()
    mlp = head(TEXT["hidden_size"]).eval()
    for network in (visual, text, mlp):
        for parameter in network.parameters():
            # Wide enough apart that the scores of images differ.
            parameter.add_(torch.randn_like(parameter) * 0.2)
    state = names(visual.state_dict(), "blip.visual_encoder.", VISION_RULES)
    state |= names(text.state_dict(), "blip.text_encoder.", [])
    state |= {"mlp.layers." + name: tensor for name, tensor in mlp.state_dict().items()}
    save_file({name: tensor.clone() for name, tensor in state.items()}, ROOT / "model.safetensors")
    (ROOT / "config.json").write_text(json.dumps({
        "model_type": "image-reward", "vision_config": VISION, "text_config": {**TEXT, "vocab_size": size},
        "head_sizes": HEAD}, indent=2) + "\n")

    goldens = []
    for number in range(IMAGES):
        picture, prompt = Image.fromarray(image(number)), PROMPTS[number % len(PROMPTS)]
        words = tokens(prompt, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt")
        embeds = visual(pixels(picture, VISION["image_size"])[None]).last_hidden_state
        states = text(
            input_ids=words.input_ids, attention_mask=words.attention_mask, encoder_hidden_states=embeds,
            encoder_attention_mask=torch.ones(embeds.shape[:-1], dtype=torch.long), is_decoder=False).last_hidden_state
        reward = (mlp(states[:, 0].float()) - REWARD_MEAN) / REWARD_STD
        goldens.append({"image": number, "prompt": prompt, "ids": words.input_ids[words.attention_mask == 1].tolist(),
                        "score": reward.item()})
    (ROOT / "rewards.json").write_text(json.dumps(goldens, ensure_ascii=False).replace("}, {", "},\n{") + "\n")
    values = np.array([golden["score"] for golden in goldens])
    print(f"from {values.min():.4f} to {values.max():.4f}, deviation {values.std():.4f}, nearest to 0 {abs(values).min():.4f}")


if __name__ == "__main__":
    main()
