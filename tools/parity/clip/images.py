"""Images of every kind of size and content, the same wherever integers have 32 bits: no file has to be committed."""

import numpy as np

# width, height
SIZES = [
    (64, 64), (48, 48), (32, 32), (96, 64), (64, 96), (33, 61), (61, 33), (128, 40), (40, 128), (31, 31),
    (1, 1), (1, 40), (40, 1), (2, 90), (90, 2), (200, 10), (10, 200), (7, 7), (24, 120), (150, 149),
]
KINDS = 4


def hashed(values):
    h = values.astype(np.uint32)
    h ^= h >> np.uint32(13)
    h = (h.astype(np.uint64) * 0x5BD1E995 & 0xFFFFFFFF).astype(np.uint32)
    h ^= h >> np.uint32(15)
    return (h >> np.uint32(24)).astype(np.int64)


def image(number):
    """Image `number` as uint8 [height, width, 3]: a gradient, noise, discs or stripes, by turns."""
    width, height = SIZES[number // 2 % len(SIZES)]
    kind = (number + number // 2) % KINDS
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    noise = hashed(x * 73856093 ^ y * 19349663 ^ c * 83492791 ^ number * 40503)
    ground = hashed(c * 83492791 ^ number * 40503 + 17)
    if kind == 0:
        pixels = (x * (2 + number % 5) + y * (5 - number % 5) + c * 50) % 256
    elif kind == 1:
        pixels = noise
    elif kind == 2:
        radius = 3 + (width + height) // 6
        inside = (2 * x - width) ** 2 + (2 * y - height) ** 2 < 4 * radius**2
        pixels = np.where(inside, 255 - ground, ground)
    else:
        stripe = (x + (number % 7) * y) // 5 % 2 == 0
        pixels = np.where(stripe, ground, (ground + 128 + noise // 16) % 256)
    return pixels.astype(np.uint8)
