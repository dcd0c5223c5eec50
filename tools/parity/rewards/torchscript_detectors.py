"""Writes the tiny TorchScript networks of the reward service's tests. detector.pt computes what detector.onnx of onnx_models.py does.

    python tools/parity/rewards/torchscript_detectors.py reward-service/src/test/resources/torchscript
"""

import sys
from pathlib import Path
from typing import Dict, Tuple

import torch
from torch import Tensor, nn


class Detector(nn.Module):
    """Four objects. Their scores are the first four samples of red; their boxes are constant shares of the image; green is the mask of all."""

    def __init__(self):
        super().__init__()
        # The last but one reaches out of the image.
        self.register_buffer("shares", torch.tensor([[0, 0, .25, .5], [.5, 0, .75, .5], [.5, .5, 1.5, 1.5], [0, 0, 1, 1]]))
        self.register_buffer("labels", torch.tensor([0, 16, 0, -1]))

    def forward(self, image: Tensor) -> Dict[str, Tensor]:
        height, width = image.shape[2], image.shape[3]
        boxes = self.shares * torch.tensor([width, height, width, height], dtype=torch.float32)
        masks = image[:, 1:2].expand(4, 1, height, width)
        return {"masks": masks, "boxes": boxes, "scores": image[0, 0, 0, :4], "labels": self.labels}


class TupleDetector(nn.Module):
    def __init__(self):
        super().__init__()
        self.detector = Detector()

    def forward(self, image: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
        seen = self.detector(image)
        return seen["boxes"], seen["scores"], seen["labels"], seen["masks"] > .5


class ChoosyDetector(nn.Module):
    """Fails on images that are wider than high."""

    def __init__(self):
        super().__init__()
        self.detector = Detector()

    def forward(self, image: Tensor) -> Dict[str, Tensor]:
        if image.shape[3] > image.shape[2]:
            raise ValueError("too wide")
        return self.detector(image)


class UnlabelledDetector(nn.Module):
    def forward(self, image: Tensor) -> Dict[str, Tensor]:
        return {"boxes": torch.zeros(1, 4), "scores": torch.zeros(1)}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in (("detector", Detector()), ("tuple-detector", TupleDetector()), ("choosy-detector", ChoosyDetector()),
                         ("unlabelled-detector", UnlabelledDetector())):
        torch.jit.save(torch.jit.script(module.eval()), folder / f"{name}.pt")


if __name__ == "__main__":
    main()
