"""Writes images with text, and what PaddleOCR 2.9.1 reads in them with the networks that it is given.

    python tools/parity/rewards/pp_ocr.py DETECTION.onnx RECOGNITION.onnx FOLDER [--fonts FOLDER ...]

PaddleOCR runs as Flow-GRPO's flow_grpo/ocr.py runs it: its defaults, no angle classifier, images in RGB; only that ONNX Runtime computes
its networks (use_onnx). FOLDER gets the two networks, the recognition network's characters as dictionary.txt, NNN.png, and expected.json:
for each image the prompt, what PaddleOCR read and the seconds that it took. PpOcrParityTest compares with that:

    mvn -pl reward-service -am test -Dtest=PpOcrParityTest -Dsurefire.failIfNoSpecifiedTests=false -Dflowguard.parity.pp-ocr=FOLDER

The recognition network must carry its characters in its metadata, as RapidOCR's files do. Written against paddleocr 2.9.1,
paddlepaddle 2.6.2, onnxruntime 1.31.1, numpy 1.26.4, opencv 4.11.0 and pillow 13.0.0.
"""

import argparse
import json
import pathlib
import random
import shutil
import time

import pyclipper  # noqa: F401  Before paddle, whose zlib cannot unpack it.
import onnxruntime
from paddleocr import PaddleOCR
from PIL import Image, ImageDraw, ImageFilter, ImageFont
import numpy

IMAGES = 160
LATIN = [
    "EXIT", "Hello World", "New York", "OPEN 24 HOURS", "Joe's Diner", "STOP", "Welcome to Mars", "Café Müller", "No Parking", "SALE 50% OFF",
    "flow matching", "Keep Left", "Happy Birthday", "Quantum Leap", "$19.99", "www.example.org", "Time Flies", "GRPO", "caution: wet floor",
    "The quick brown fox", "Deep Sea Explorer", "Chapter 7", "12:45 PM", "Do Not Touch!", "Library", "Fresh Bread Daily", "Gate B12", "love",
]
CHINESE = ["你好世界", "禁止停车", "欢迎光临", "图书馆", "北京大学", "小心地滑", "新年快乐", "咖啡 COFFEE"]


def font_files(folders):
    files = sorted(file for folder in folders for file in pathlib.Path(folder).rglob("*") if file.suffix in (".ttf", ".ttc", ".otf"))
    chinese = [file for file in files if "CJK" in file.name]
    latin = [file for file in files if "CJK" not in file.name and "Math" not in file.name]
    return latin, chinese


def background(rng, width, height):
    base = tuple(rng.randint(0, 255) for _ in range(3))
    image = Image.new("RGB", (width, height), base)
    kind = rng.choice(["plain", "gradient", "noise"])
    if kind == "gradient":
        ramp = Image.linear_gradient("L").resize((width, height))
        image = Image.composite(image, Image.new("RGB", (width, height), tuple(channel // 2 for channel in base)), ramp)
    if kind == "noise":
        noise = numpy.random.default_rng(rng.randint(0, 2**31)).normal(0, 12, (height, width, 3))
        image = Image.fromarray(numpy.clip(numpy.asarray(image) + noise, 0, 255).astype(numpy.uint8))
    return image, base


def draw(rng, latin, chinese):
    """An image, and the prompt that asks for its text."""
    width, height = rng.choice([(512, 512), (1024, 1024), (1280, 720), (256, 256), (384, 640), (320, 96), (777, 333)])
    image, base = background(rng, width, height)
    dark = sum(base) < 380
    ink = tuple(rng.randint(200, 255) if dark else rng.randint(0, 60) for _ in range(3))
    lines = rng.choice([1, 1, 1, 2, 3])
    texts = []
    for line in range(lines):
        is_chinese = chinese and rng.random() < .2
        text = rng.choice(CHINESE if is_chinese else LATIN)
        size = rng.randint(14, max(15, height // (3 * lines)))
        font_file = rng.choice(chinese if is_chinese else latin)
        while True:
            font = ImageFont.truetype(str(font_file), size)
            left, top, right, bottom = font.getbbox(text)
            if right - left < width - 8 or size <= 8:
                break
            size -= 2
        layer = Image.new("L", (width, height), 0)
        x = rng.randint(2, max(2, width - (right - left) - 4))
        y = line * height // lines + rng.randint(0, max(0, height // lines - (bottom - top) - 2))
        ImageDraw.Draw(layer).text((x - left, y - top), text, font=font, fill=255)
        if rng.random() < .4:
            layer = layer.rotate(rng.uniform(-12, 12), Image.BICUBIC, center=(x + (right - left) / 2, y + (bottom - top) / 2))
        image.paste(Image.new("RGB", image.size, ink), (0, 0), layer)
        texts.append(text)
    if rng.random() < .1:
        image = image.rotate(90, expand=True)
    if rng.random() < .15:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(.5, 1.5)))
    return image, 'a sign that says "%s"' % " ".join(texts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("detection")
    parser.add_argument("recognition")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--fonts", nargs="+", default=["/usr/share/fonts"])
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(arguments.detection, folder / "detection.onnx")
    shutil.copyfile(arguments.recognition, folder / "recognition.onnx")
    session = onnxruntime.InferenceSession(arguments.recognition, providers=["CPUExecutionProvider"])
    characters = session.get_modelmeta().custom_metadata_map["character"]
    (folder / "dictionary.txt").write_text(characters, "utf-8")

    latin, chinese = font_files(arguments.fonts)
    if not latin:
        parser.error("no fonts; name folders with --fonts")
    reader = PaddleOCR(
        use_angle_cls=False, lang="ch", use_gpu=False, show_log=False, use_onnx=True,
        det_model_dir=arguments.detection, rec_model_dir=arguments.recognition, rec_char_dict_path=str(folder / "dictionary.txt"))
    rng = random.Random(5)
    expected = []
    for index in range(IMAGES):
        image, prompt = draw(rng, latin, chinese)
        name = f"{index:03}.png"
        image.save(folder / name)
        start = time.perf_counter()
        result = reader.ocr(numpy.array(image), cls=False)
        seconds = time.perf_counter() - start
        lines = [line[1][0] for line in result[0] or []]
        expected.append({"image": name, "prompt": prompt, "lines": lines, "seconds": round(seconds, 4)})
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1), "utf-8")
    mean = sum(entry["seconds"] for entry in expected) / len(expected)
    print(f"{len(expected)} images, text in {sum(1 for entry in expected if entry['lines'])} of them, {mean * 1000:.0f} ms each")


if __name__ == "__main__":
    main()
