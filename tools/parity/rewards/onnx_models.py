"""Writes the tiny ONNX networks of the reward service's tests. What they compute can be seen in the image.

    python tools/parity/rewards/onnx_models.py reward-service/src/test/resources/onnx
"""

import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save_model

FLOAT, INT64, INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32


class Graph:
    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, values, dtype):
        self.constants.append(numpy_helper.from_array(np.array(values, dtype=dtype), name))
        return name

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def slice(self, tensor, starts, ends, axes, output):
        names = [self.constant(output + "." + part, values, np.int64)
                 for part, values in (("starts", starts), ("ends", ends), ("axes", axes))]
        return self.add("Slice", [tensor, *names], output)

    def write(self, file, inputs, outputs, metadata=None):
        def value(name, dtype, shape):
            return helper.make_tensor_value_info(name, dtype, shape)
        graph = helper.make_graph(self.nodes, "test", [value(*i) for i in inputs], [value(*o) for o in outputs], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, metadata or {})
        checker.check_model(model)
        save_model(model, file)


IMAGE = ("image", FLOAT, [1, 3, "height", "width"])


def detector(file):
    """Four objects. Their scores are the first four samples of red; their boxes are constant shares of the image; green is the mask of all."""
    g = Graph()
    g.slice("image", [0, 0, 0, 0], [1, 1, 1, 4], [0, 1, 2, 3], "red")
    g.add("Reshape", ["red", g.constant("four", [4], np.int64)], "scores")
    g.add("Shape", ["image"], "shape")
    g.slice("shape", [2], [4], [0], "size")
    g.add("Cast", ["size"], "hw", to=FLOAT)
    g.add("Gather", ["hw", g.constant("order", [1, 0, 1, 0], np.int64)], "whwh")
    # The last but one reaches out of the image.
    shares = [[0, 0, .25, .5], [.5, 0, .75, .5], [.5, .5, 1.5, 1.5], [0, 0, 1, 1]]
    g.add("Mul", ["whwh", g.constant("shares", shares, np.float32)], "boxes")
    g.add("Identity", [g.constant("classes", [0, 16, 0, -1], np.int64)], "labels")
    g.slice("image", [1], [2], [1], "green")
    g.add("Concat", ["green"] * 4, "masks", axis=0)
    g.write(file, [IMAGE], [("boxes", FLOAT, [4, 4]), ("scores", FLOAT, [4]), ("labels", INT64, [4]),
                            ("masks", FLOAT, [4, 1, "height", "width"])])


def fixed_detector(file):
    """One object over all of an image of 16 x 8 pixels, with a first axis of 1, and no mask. Its score is the mean of blue; its label 80."""
    g = Graph()
    g.slice("image", [2], [3], [1], "blue")
    g.add("ReduceMean", ["blue"], "mean", axes=[1, 2, 3], keepdims=0)
    g.add("Reshape", ["mean", g.constant("one", [1, 1], np.int64)], "scores")
    g.add("Identity", [g.constant("box", [[[0, 0, 16, 8]]], np.float32)], "boxes")
    g.add("Identity", [g.constant("class", [[80]], np.int32)], "labels")
    g.write(file, [("image", FLOAT, [1, 3, 8, 16])], [("boxes", FLOAT, [1, 1, 4]), ("scores", FLOAT, [1, 1]), ("labels", INT32, [1, 1])])


def misfit_detector(file):
    """Two scores for one box."""
    g = Graph()
    g.slice("image", [0, 0, 0, 0], [1, 1, 1, 2], [0, 1, 2, 3], "red")
    g.add("Reshape", ["red", g.constant("two", [2], np.int64)], "scores")
    g.add("Identity", [g.constant("box", [[0, 0, 1, 1]], np.float32)], "boxes")
    g.add("Identity", [g.constant("class", [0], np.int64)], "labels")
    g.write(file, [IMAGE], [("boxes", FLOAT, [1, 4]), ("scores", FLOAT, [2]), ("labels", INT64, [1])])


def two_inputs(file):
    g = Graph()
    g.add("Add", ["image", "other"], "boxes")
    g.write(file, [IMAGE, ("other", FLOAT, [1, 3, "height", "width"])], [("boxes", FLOAT, [1, 3, "height", "width"])])


def text_detection(file):
    """The probability of text is red, from 0 to 1, with ImageNet's normalisation undone."""
    g = Graph()
    g.slice("image", [0], [1], [1], "red")
    g.add("Mul", ["red", g.constant("std", .229, np.float32)], "scaled")
    g.add("Add", ["scaled", g.constant("mean", .485, np.float32)], "map")
    g.write(file, [IMAGE], [("map", FLOAT, [1, 1, "height", "width"])])


def text_recognition(file):
    """A step every eight columns. Of green in the middle row, -1 is b, .5 a space, 1 is a; 0, as in padding, is the blank."""
    g = Graph()
    starts, ends, steps = (g.constant(name, values, np.int64) for name, values in
                           (("starts", [1, 24, 4]), ("ends", [2, 25, 2 ** 31]), ("steps", [1, 1, 8])))
    g.add("Slice", ["image", starts, ends, g.constant("axes", [1, 2, 3], np.int64), steps], "middle")
    g.add("Reshape", ["middle", g.constant("column", [1, -1, 1], np.int64)], "values")
    g.add("Sub", ["values", g.constant("centres", [[[0, 1, -1, .5]]], np.float32)], "offsets")
    g.add("Abs", ["offsets"], "distances")
    g.add("Mul", ["distances", g.constant("slope", -2, np.float32)], "falls")
    g.add("Add", ["falls", g.constant("one", 1, np.float32)], "heights")
    g.add("Relu", ["heights"], "probabilities")
    g.write(file, [("image", FLOAT, [1, 3, 48, "width"])], [("probabilities", FLOAT, [1, "steps", 4])],
            {"character": "a\nb", "beyond-the-bmp": "\U0001F6C0"})


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (detector, fixed_detector, misfit_detector, two_inputs, text_detection, text_recognition):
        make(folder / (make.__name__.replace("_", "-") + ".onnx"))


if __name__ == "__main__":
    main()
