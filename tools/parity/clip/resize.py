"""Writes what Pillow makes of images of every kind of size, for PilResizeTest.

    python tools/parity/clip/resize.py
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

TARGET = Path(__file__).resolve().parents[3] / "models/src/test/resources/parity/resize.json"
FILTERS = {"BILINEAR": Image.Resampling.BILINEAR, "BICUBIC": Image.Resampling.BICUBIC, "LANCZOS": Image.Resampling.LANCZOS}
SIZES = [
    # width, height, to width, to height
    (64, 32, 48, 24), (64, 32, 64, 32), (31, 47, 224, 224), (224, 224, 31, 17), (1, 1, 7, 5), (1, 40, 8, 320),
    (40, 1, 320, 8), (3, 500, 2, 300), (500, 3, 300, 2), (97, 61, 97, 20), (97, 61, 20, 61), (256, 256, 1, 1),
    (1, 300, 1, 7), (150, 100, 149, 101), (12, 12, 13, 13), (400, 30, 33, 29),
]


def noise(width, height, seed):
    """A hash of position, channel and seed: the same in any language with 32-bit integers."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    h = (x * 73856093 ^ y * 19349663 ^ c * 83492791 ^ seed * 40503).astype(np.uint32)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0x5BD1E995)
    h ^= h >> np.uint32(15)
    return (h >> np.uint32(24)).astype(np.uint8)


def unrounded(pixels, height, width):
    """torchvision's resize of a float tensor."""
    if width == 1 < height:
        # torch (2.15) repeats the first row where the result is one pixel wide; one pixel high it is right.
        return unrounded(pixels.transpose(1, 0, 2), width, height).transpose(-1, -2)
    tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].double() / 255
    return torch.nn.functional.interpolate(
        tensor, (height, width), mode="bicubic", align_corners=False, antialias=True)


def main():
    cases = []
    for seed, (width, height, to_width, to_height) in enumerate(SIZES):
        pixels = noise(width, height, seed)
        for name, resample in FILTERS.items():
            out = Image.fromarray(pixels).resize((to_width, to_height), resample)
            case = {"seed": seed, "width": width, "height": height, "to_width": to_width, "to_height": to_height,
                    "filter": name, "sha256": hashlib.sha256(np.asarray(out).tobytes()).hexdigest()}
            if name == "BICUBIC" and to_width * to_height <= 400:
                case["unrounded"] = [round(v, 6) for v in unrounded(pixels, to_height, to_width).flatten()[::7].tolist()]
            cases.append(case)
    TARGET.write_text(json.dumps(cases).replace("}, {", "},\n{") + "\n")


if __name__ == "__main__":
    main()
