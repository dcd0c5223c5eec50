"""Writes where PaddleOCR finds text in invented maps, and how it cuts lines out of an image.

    python tools/parity/rewards/text_boxes.py > reward-service/src/test/resources/parity/text-boxes.json

The rules are those of DBPostProcess (score_mode fast, box_type quad), of TextDetector.filter_tag_det_res and of
get_rotate_crop_image in github.com/PaddlePaddle/PaddleOCR, release 2.9, stated again with the libraries that they use.
"""

import json
import math
import random

import cv2
import numpy as np
import pyclipper

MAPS = 150


def minimal_box(points):
    """Corners from the upper left, clockwise, and the shorter side."""
    box = cv2.minAreaRect(points)
    corners = sorted(cv2.boxPoints(box).tolist())
    left = sorted(corners[:2], key=lambda corner: corner[1])
    right = sorted(corners[2:], key=lambda corner: corner[1])
    return np.array([left[0], right[0], right[1], left[1]]), min(box[1])


def mean_within(probabilities, box):
    height, width = probabilities.shape
    low = [int(np.clip(np.floor(box[:, axis].min()), 0, size - 1)) for axis, size in ((0, width), (1, height))]
    high = [int(np.clip(np.ceil(box[:, axis].max()), 0, size - 1)) for axis, size in ((0, width), (1, height))]
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    cv2.fillPoly(mask, [(box - low).astype(np.int32)], 1)
    return cv2.mean(probabilities[low[1]:high[1] + 1, low[0]:high[0] + 1], mask)[0]


def unclip(box, ratio=1.5):
    area = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(box, np.roll(box, -1, axis=0)))) / 2
    length = sum(math.dist(a, b) for a, b in zip(box, np.roll(box, -1, axis=0)))
    offset = pyclipper.PyclipperOffset()
    offset.AddPath(box.tolist(), pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return np.array(offset.Execute(area * ratio / length)[0], np.float32)


def lines(probabilities, image_width, image_height):
    height, width = probabilities.shape
    contours, _ = cv2.findContours((probabilities > .3).astype(np.uint8) * 255, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        inner, side = minimal_box(contour)
        if side < 3:
            continue
        mean = mean_within(probabilities, inner)
        if abs(mean - .6) < .03:
            raise Doubtful
        if mean < .6:
            continue
        outer, side = minimal_box(unclip(inner))
        if side < 5:
            continue
        outer = np.clip(np.round(outer / [width, height] * [image_width, image_height]), 0, [image_width - 1, image_height - 1])
        if int(math.dist(outer[0], outer[1])) > 3 and int(math.dist(outer[0], outer[3])) > 3:
            yield outer.astype(int).tolist()


class Doubtful(Exception):
    """Which pixels of a box's sides are its own decides whether it is a line."""


def draw(shapes, width, height):
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    probabilities = np.zeros((height, width), np.float32)
    for cx, cy, w, h, cos, sin, p in shapes:
        along, across = (x - cx) * cos + (y - cy) * sin, (y - cy) * cos - (x - cx) * sin
        probabilities[(np.abs(along) <= w / 2) & (np.abs(across) <= h / 2)] = p
    return probabilities


def maps():
    generator = random.Random(11)
    for _ in range(MAPS):
        width, height = generator.choice([(160, 96), (320, 64), (96, 224)])
        shapes = []
        for _ in range(generator.randint(1, 4)):
            angle = generator.choice([0, 0, 0, .1, -.2, .5, math.pi / 2, generator.uniform(-1.5, 1.5)])
            shapes.append([generator.randint(10, width - 10), generator.randint(10, height - 10), generator.choice([3, 20, 40, 80]),
                           generator.choice([2, 5, 8, 14]), math.cos(angle), math.sin(angle), generator.choice([.25, .5, .625, .75, 1])])
        image_width, image_height = generator.choice([(width, height), (2 * width, 2 * height), (200, 100)])
        try:
            found = list(lines(draw(shapes, width, height), image_width, image_height))
        except Doubtful:
            continue
        yield {"width": width, "height": height, "shapes": shapes, "imageWidth": image_width, "imageHeight": image_height, "lines": found}


def crops():
    y, x = np.mgrid[0:48, 0:64]
    image = np.stack([3 * x + y, 2 * y + x + 20, 3 * np.abs(x - 32) + y], axis=-1).astype(np.uint8)
    for quad in ([[4, 4], [40, 4], [40, 20], [4, 20]], [[10, 5], [50, 15], [46, 31], [6, 21]], [[20, 2], [30, 2], [30, 44], [20, 44]],
                 [[0, 0], [63, 0], [63, 47], [0, 47]], [[5, 30], [45, 10], [50, 20], [10, 40]], [[10, 10], [40, 12], [44, 30], [8, 26]]):
        points = np.array(quad, np.float32)
        width = int(max(np.linalg.norm(points[0] - points[1]), np.linalg.norm(points[2] - points[3])))
        height = int(max(np.linalg.norm(points[0] - points[3]), np.linalg.norm(points[1] - points[2])))
        onto = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        crop = cv2.warpPerspective(image, cv2.getPerspectiveTransform(points, onto), (width, height),
                                   borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)
        if crop.shape[0] / crop.shape[1] >= 1.5:
            crop = np.rot90(crop)
        height, width = crop.shape[:2]
        yield {"quad": quad, "width": width, "height": height,
               "samples": [[int(i), int(j), crop[j, i].tolist()] for i in range(0, width, 5) for j in range(0, height, 5)]}


def main():
    print('{"maps": [')
    print(",\n".join(json.dumps(case) for case in maps()))
    print('],\n"crops": [')
    print(",\n".join(json.dumps(crop) for crop in crops()))
    print("]}")


if __name__ == "__main__":
    main()
