"""What the unmodified diffusers pipeline draws with the quickstart model, as a golden file for the Java tests.

    pip install -r tools/parity/models/requirements.txt
    python tools/parity/quickstart/golden.py

Only height, width, steps and guidance are given; everything else is the pipeline's default, max_sequence_length too.
"""

import json
import pathlib

import torch
from diffusers import StableDiffusion3Pipeline
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROMPTS = ['a sign saying "CAKE"', 'a sign saying "LYNX"', 'a sign saying "HELP"', ""]
STEPS = 8


def main():
    torch.manual_seed(0)
    pipe = StableDiffusion3Pipeline.from_pretrained(
        ROOT / "recipes/quickstart/model", text_encoder_3=None, tokenizer_3=None
    )
    pipe.set_progress_bar_config(disable=True)
    latents = torch.randn(len(PROMPTS), 4, 8, 16)
    with torch.no_grad():
        images = pipe(
            PROMPTS,
            height=32,
            width=64,
            num_inference_steps=STEPS,
            guidance_scale=1,
            latents=latents,
            output_type="pt",
        ).images
    out = ROOT / "system-tests/src/test/resources/parity/quickstart.safetensors"
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {"latents": latents, "images": images.float().contiguous()},
        out,
        metadata={"prompts": json.dumps(PROMPTS), "steps": str(STEPS)},
    )
    print(out, out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
