"""Writes what the reward server of Flow-GRPO makes of invented detections.

    python tools/parity/rewards/geneval.py > reward-service/src/test/resources/parity/geneval.json

It runs github.com/yifan123/reward-server, reward_server/gen_eval.py at the commit below, as it is: the detector gives the
invented boxes, CLIP the invented colours. "crops" are what the reference would show to CLIP of an invented image.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import types

import numpy as np
from PIL import Image

COMMIT = "92ac29fb322c028f8840db8f93c950422931710d"
COLORS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"]
RELATIONS = ["left of", "right of", "above", "below"]
CLASSES = ["person", "dog", "couch", "bird"]
RANDOM_CASES = 240


def fetch(repository):
    """The reference's files in a folder of their own."""
    folder = tempfile.mkdtemp()
    git = ["git", "-C", folder]
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(git + ["fetch", "-q", "--depth", "1", repository, COMMIT], check=True)
    subprocess.run(git + ["checkout", "-q", COMMIT], check=True)
    return folder


class Reference:
    """The reference with eyes of our own."""

    def __init__(self, repository):
        self.names = None
        self.detections = []  # class, score, box, colour
        self.mask = None
        self.crops = []
        self.stand_in("pandas")
        self.stand_in("mmdet", __file__="mmdet/__init__.py")
        self.stand_in("mmdet.apis", init_detector=lambda *a, **k: None, inference_detector=self.inference_detector)
        self.stand_in("open_clip", create_model_and_transforms=lambda *a, **k: (None, None, lambda image: image),
                      get_tokenizer=lambda *a: None)
        zsc = types.SimpleNamespace(zero_shot_classifier=lambda model, tokenizer, colors, templates, device: templates,
                                    run_classification=self.run_classification)
        self.stand_in("clip_benchmark")
        self.stand_in("clip_benchmark.metrics", zeroshot_classification=zsc)
        # Pillow no longer takes an array for a box.
        crop = Image.Image.crop
        Image.Image.crop = lambda image, box: crop(image, tuple(float(side) for side in box))
        os.chdir(fetch(repository))
        sys.path.insert(0, os.getcwd())
        from reward_server.gen_eval import load_geneval
        self.names = [line.strip() for line in open("reward_server/object_names.txt")]
        self.compute = load_geneval()

    @staticmethod
    def stand_in(name, **attributes):
        module = types.ModuleType(name)
        module.__dict__.update(attributes)
        sys.modules[name] = module

    def inference_detector(self, detector, images):
        boxes = [np.array([[*box, score] for of, score, box, _ in self.detections if of == name],
                          dtype=np.float32).reshape(-1, 5) for name in self.names]
        if self.mask is None:
            return [boxes]
        return [(boxes, [[self.mask] * len(of) for of in boxes])]

    def run_classification(self, model, classifier, dataloader, device):
        import torch
        colours = {tuple(np.float32(box)): colour for _, _, box, colour in self.detections}
        predicted = torch.zeros(len(dataloader.dataset), len(COLORS))
        for i in range(len(dataloader.dataset)):
            self.crops.append(dataloader.dataset[i][0])
            box, _ = dataloader.dataset._objects[i]
            predicted[i, COLORS.index(colours[tuple(box[:4])])] = 1
        return predicted, None

    def judge(self, metadata, detections, image=None, mask=None):
        self.detections, self.mask, self.crops = detections, mask, []
        metadata = dict(metadata, prompt="a photo")
        score, correct, strict, _, _ = self.compute([image or Image.new("RGB", (512, 512))], [metadata])
        return {"score": score[0], "correct": correct[0] == 1, "strict": strict[0] == 1}


def eighths(random, low, high):
    """A number that fp32 holds exactly."""
    return random.randint(low * 8, high * 8) / 8


def invent_box(random):
    width, height = eighths(random, 4, 200), eighths(random, 4, 200)
    left, top = eighths(random, 0, 300), eighths(random, 0, 300)
    return [left, top, left + width, top + height]


def invent(random):
    tag = random.choice(["single_object", "two_object", "counting", "colors", "position", "color_attr"])
    include = []
    for i in range({"single_object": 1, "counting": 1, "colors": 1}.get(tag, random.choice([2, 2, 2, 3]))):
        clause = {"class": random.choice(CLASSES[:3]), "count": random.choice([1, 1, 1, 2, 3, 4]) if tag != "counting" else random.randint(1, 5)}
        if tag in ("colors", "color_attr") and random.random() < .9 or random.random() < .1:
            clause["color"] = random.choice(COLORS[:3])
        if i > 0 and (tag == "position" or random.random() < .15):
            clause["position"] = [random.choice(RELATIONS), random.randrange(i)]
        include.append(clause)
    metadata = {"tag": tag, "include": include}
    if tag == "counting" or random.random() < .2:
        metadata["exclude"] = [{"class": clause["class"], "count": clause["count"] + 1} for clause in include]
        if random.random() < .3:
            metadata["exclude"].append({"class": "bird", "count": random.randint(1, 2)})
    detections = []
    scores = random.sample(range(1, 1000), 200)
    for name in CLASSES:
        asked = max([clause["count"] for clause in include if clause["class"] == name], default=random.choice([0, 0, 1]))
        found = asked if random.random() < .6 else random.choice([0, 1, 2, 3, asked + 1, 20])
        wanted = [clause["color"] for clause in include if clause["class"] == name and "color" in clause]
        for _ in range(found):
            score = random.choice([.3, .9]) if random.random() < .02 else scores.pop() / 1000
            if random.random() < .8:
                score = .9 + scores.pop() / 10001
            colour = random.choice(wanted) if wanted and random.random() < .8 else random.choice(COLORS)
            detections.append([name, score, invent_box(random), colour])
    random.shuffle(detections)
    place_some(random, include, detections)
    return metadata, detections


def place_some(random, include, detections):
    """Moves most objects of a clause with a position to where it asks them to be, or just not."""
    for clause in include:
        if "position" not in clause or random.random() < .2:
            continue
        relation, target = clause["position"]
        anchors = [d for d in detections if d[0] == include[target]["class"]]
        for detection in detections:
            if detection[0] != clause["class"] or not anchors or detection in anchors:
                continue
            left, top, right, bottom = anchors[0][2]
            width, height = right - left, bottom - top
            along = random.choice([1, 2]) * (width if relation in RELATIONS[:2] else height) / 2 * random.choice([.25, 1, 2])
            aside = eighths(random, -40, 40)
            dx, dy = {"left of": (-along, aside), "right of": (along, aside), "above": (aside, -along), "below": (aside, along)}[relation]
            dx, dy = round(dx * 8) / 8, round(dy * 8) / 8
            detection[2] = [left + dx, top + dy, right + dx, bottom + dy]


def clause(name, count=1, **more):
    return dict({"class": name, "count": count}, **more)


def written():
    dog, couch = [100., 100., 200., 200.], [300., 100., 400., 200.]
    right = clause("couch", position=["right of", 0])
    left = clause("couch", position=["left of", 0])
    both = [["dog", .95, dog, "red"], ["couch", .94, couch, "blue"]]
    far = [["dog", .95, dog, "red"], ["couch", .94, [600., 600., 700., 700.], "blue"]]
    yield {"tag": "position", "include": [clause("dog"), right]}, both
    yield {"tag": "position", "include": [clause("dog"), left]}, both  # the leak
    yield {"tag": "position", "include": [clause("dog"), left]}, both[:1]
    yield {"tag": "position", "include": [clause("dog"), left]}, both[1:]  # no target
    yield {"tag": "position", "include": [clause("dog"), right]}, far  # two relations at once
    yield {"tag": "position", "include": [clause("dog"), clause("couch", position=["below", 0])]}, far
    yield {"tag": "position", "include": [clause("dog"), right]}, [["dog", .95, dog, "red"], ["couch", .94, dog[:], "blue"]]
    # Offsets around the slack of a tenth of both sizes.
    for shift in (19.875, 20., 20.125, 39., 40., 40.125, 41.):
        moved = [dog[0] + shift, dog[1], dog[2] + shift, dog[3]]
        yield {"tag": "position", "include": [clause("dog"), right]}, [["dog", .95, dog, "red"], ["couch", .94, moved, "blue"]]
    yield {"tag": "single_object", "include": [clause("dog")]}, []
    yield {"tag": "single_object", "include": [clause("dog")]}, [["dog", .31, dog, "red"]]
    yield {"tag": "counting", "include": [clause("dog")]}, [["dog", .31, dog, "red"]]
    yield {"tag": "single_object", "include": [clause("dog")]}, [["dog", .3, dog, "red"]]
    yield {"tag": "counting", "include": [clause("dog")]}, [["dog", .9, dog, "red"]]
    # As many as are looked for, and more: the score is -14.
    many = [["dog", .9 + i / 1000, [float(i), 0., i + 10., 10.], "red"] for i in range(1, 21)]
    yield {"tag": "counting", "include": [clause("dog")]}, many
    yield {"tag": "counting", "include": [clause("dog", 16)], "exclude": [clause("dog", 17)]}, many
    yield {"tag": "color_attr", "include": [clause("dog", color="red"), clause("couch", color="red")]}, both
    yield {"tag": "color_attr", "include": [clause("dog", color="blue"), clause("couch", color="red")]}, both
    yield {"tag": "color_attr", "include": [clause("dog", color="red", count=2)]}, both
    yield {"tag": "two_object", "include": [clause("dog"), clause("couch")], "exclude": [clause("bird")]}, both + [["bird", .5, dog, "red"]]
    # A colour that is wrong keeps the place from being looked at.
    yield {"tag": "position", "include": [clause("dog"), dict(left, color="red")]}, both
    yield {"tag": "position", "include": [clause("dog", color="blue"), right]}, both


def crops(reference):
    width, height = 40, 30
    y, x = np.mgrid[0:height, 0:width]
    image = Image.fromarray(np.stack([(7 * x + 3 * y) % 256, (5 * x + 11 * y) % 256, (x * y) % 256], axis=-1).astype(np.uint8))
    mask = (x - y) % 3 != 0
    for masked in (False, True):
        for box in ([3., 4., 20., 25.], [2.5, 3.5, 20.5, 21.5], [0.25, 0.75, 39.75, 29.25], [10., 10., 11., 11.], [1.125, 0., 40., 30.]):
            reference.judge({"tag": "colors", "include": [clause("dog", color="red")]}, [["dog", .95, box, "red"]], image, mask if masked else None)
            crop = reference.crops[0]
            yield {"box": box, "masked": masked, "width": crop.width, "height": crop.height,
                   "sha256": hashlib.sha256(crop.tobytes()).hexdigest()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repository", default="https://github.com/yifan123/reward-server", help="where its commit is fetched from")
    reference = Reference(parser.parse_args().repository)
    generator = random.Random(7)
    cases = list(written()) + [invent(generator) for _ in range(RANDOM_CASES)]
    judged = []
    for metadata, detections in cases:
        expected = reference.judge(metadata, detections)
        judged.append({"metadata": metadata, "detections": [[of, score, *box, colour] for of, score, box, colour in detections],
                       **expected})
    print('{"cases": [')
    print(",\n".join(json.dumps(case) for case in judged))
    print('],\n"crops": [')
    print(",\n".join(json.dumps(crop) for crop in crops(reference)))
    print("]}")


if __name__ == "__main__":
    main()
