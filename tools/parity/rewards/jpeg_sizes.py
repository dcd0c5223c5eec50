"""Writes the sizes that Pillow's JPEG files of quality 95 have: what flow_grpo's JPEG rewards are made of.

    python tools/parity/rewards/jpeg_sizes.py > reward-service/src/test/resources/parity/jpeg-sizes.csv

The images are integer formulas of x, y and the channel, so that JpegSizeScorerTest draws the same ones. The rewards are
flow_grpo's (flow_grpo/rewards.py at ac4c86e): bytes / 1000, and that / -500.
"""

import io

import numpy as np
from PIL import Image

SIZES = [(1, 1), (1, 40), (8, 8), (15, 17), (33, 17), (64, 32), (100, 75), (128, 128), (333, 250), (512, 512)]


def flat(x, y, c):
    return np.full(np.broadcast_shapes(x.shape, y.shape, c.shape), 200)


def gradient(x, y, c):
    return x * 3 + y * (c + 1)


def curls(x, y, c):
    return (x * x * 31 + y * y * 17 + x * y * (7 + c) + c * 91) >> 1


def noise(x, y, c):
    h = (x * 374761393 + y * 668265263 + c * 974711) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return (h ^ (h >> 16)) & 255


def signs(x, y, c):
    """Sharp dark strokes on a bright ground of one colour."""
    stroke = ((x // 5 * 7 + y // 9 * 13) % 11 < 4) & (y % 24 > 6)
    return np.where(stroke, 20 + 9 * c, 235 - 30 * c)


def photo(x, y, c):
    """Slow waves, two edges and a little grain."""
    wave = abs((x * (3 + c) + y * 2) % 512 - 256) // 3 + abs((y * 5 - x + 4096) % 700 - 350) // 5
    edges = np.where((x - 40) * (x - 40) + (y - 30) * (y - 30) < 900, 70, 0) + np.where(x * 2 + y > 500, -40, 0)
    return np.clip(40 + wave + edges + noise(x, y, c) // 32, 0, 255)


PATTERNS = {"FLAT": flat, "GRADIENT": gradient, "CURLS": curls, "NOISE": noise, "SIGNS": signs, "PHOTO": photo}


def main():
    for name, pattern in PATTERNS.items():
        for width, height in SIZES:
            x = np.arange(width, dtype=np.int64)[None, :, None]
            y = np.arange(height, dtype=np.int64)[:, None, None]
            image = (pattern(x, y, np.arange(3)[None, None, :]) & 255).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="JPEG", quality=95)
            print(f"{name}, {width}, {height}, {buffer.tell()}")


if __name__ == "__main__":
    main()
