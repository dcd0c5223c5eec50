"""Writes the golden files of the module `tensor`: what PyTorch itself computes.

    python3 -m venv .venv && .venv/bin/pip install -r tools/parity/tensor/requirements.txt
    .venv/bin/python tools/parity/tensor/golden.py

Needed only to change them; building and testing need no Python. All is seeded and runs on one CPU thread.
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

OUT = pathlib.Path(__file__).parents[3] / "tensor/src/test/resources/dev/flowguard/tensor"


def write(name, tensors, metadata=None):
    tensors = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    save_file(tensors, OUT / name, metadata=metadata)


def normal(*shape):
    return torch.randn(*shape)


def operations():
    """Every operation: inputs `<op>.in.<i>`, result `<op>.out`, gradients `<op>.grad.<i>` of sum(out * weight)."""
    cases = {
        "silu": (lambda x: F.silu(x), [normal(3, 5)]),
        "gelu": (lambda x: F.gelu(x), [normal(3, 5)]),
        "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), [normal(3, 5)]),
        "quick_gelu": (lambda x: x * torch.sigmoid(1.702 * x), [normal(3, 5)]),
        "relu": (lambda x: F.relu(x), [normal(3, 5)]),
        "sigmoid": (lambda x: x.sigmoid(), [normal(3, 5)]),
        "tanh": (lambda x: x.tanh(), [normal(3, 5)]),
        "rsqrt": (lambda x: x.rsqrt(), [normal(3, 5).abs() + 0.1]),
        "sqrt": (lambda x: x.sqrt(), [normal(3, 5).abs() + 0.1]),
        "exp": (lambda x: x.exp(), [normal(3, 5)]),
        "expm1": (lambda x: x.expm1(), [normal(3, 5) * 1e-4]),
        "log": (lambda x: x.log(), [normal(3, 5).abs() + 0.1]),
        "sin": (lambda x: x.sin(), [normal(3, 5)]),
        "cos": (lambda x: x.cos(), [normal(3, 5)]),
        "abs": (lambda x: x.abs(), [normal(3, 5)]),
        "square": (lambda x: x.square(), [normal(3, 5)]),
        "clamp": (lambda x: x.clamp(-0.5, 0.7), [normal(11)]),
        "minimum": (torch.minimum, [normal(3, 5), normal(3, 5)]),
        "maximum": (torch.maximum, [normal(3, 5), normal(5)]),
        "scalars": (lambda x: ((x + 2) * 3 - 1) / 7, [normal(3, 5)]),
        "div": (lambda x, y: x / y, [normal(3, 5), normal(3, 1) + 3]),
        "matmul": (torch.matmul, [normal(2, 3, 5), normal(2, 5, 4)]),
        "softmax": (lambda x: x.softmax(-1), [normal(3, 5)]),
        "cumsum": (lambda x: x.cumsum(1), [normal(3, 5)]),
        "mean": (lambda x: x.mean((1, 2, 3)), [normal(2, 3, 4, 5)]),
        "sum": (lambda x: x.sum((0, 2), keepdim=True), [normal(2, 3, 4)]),
        "norm": (lambda x: x.norm(), [normal(2, 3, 4)]),
        "shape": (
            lambda x: torch.cat([c.transpose(0, 1) for c in x.chunk(2, 2)], 0)[:, 1:3].unsqueeze(1).permute(2, 0, 1, 3),
            [normal(3, 4, 6)],
        ),
        "linear": (F.linear, [normal(2, 3, 5), normal(4, 5), normal(4)]),
        "layer_norm": (lambda x, w, b: F.layer_norm(x, (6,), w, b, 1e-6), [normal(2, 3, 6), normal(6), normal(6)]),
        "layer_norm_plain": (lambda x: F.layer_norm(x, (6,), None, None, 1e-6), [normal(2, 3, 6)]),
        "rms_norm": (lambda x, w: F.rms_norm(x, (6,), w, 1e-6), [normal(2, 3, 6), normal(6)]),
        "group_norm": (lambda x, w, b: F.group_norm(x, 2, w, b, 1e-6), [normal(2, 4, 3, 3), normal(4), normal(4)]),
        "attention": (F.scaled_dot_product_attention, [normal(2, 3, 5, 8), normal(2, 3, 7, 8), normal(2, 3, 7, 8)]),
        "attention_causal": (
            lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
            [normal(2, 3, 5, 8), normal(2, 3, 5, 8), normal(2, 3, 5, 8)],
        ),
        "attention_masked": (
            lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m),
            [normal(2, 3, 5, 8), normal(2, 3, 7, 8), normal(2, 3, 7, 8), normal(5, 7)],
        ),
        "conv2d": (
            lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1),
            [normal(2, 3, 8, 8), normal(4, 3, 3, 3), normal(4)],
        ),
        "conv_transpose2d": (
            lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1),
            [normal(2, 3, 4, 4), normal(3, 5, 4, 4), normal(5)],
        ),
        "upsample": (lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest"), [normal(2, 3, 4, 5)]),
        "embedding": (lambda t: F.embedding(torch.tensor([[1, 0, 3], [3, 3, 2]]), t), [normal(4, 6)]),
    }
    tensors = {}
    for name, (function, inputs) in cases.items():
        leaves = [value.clone().requires_grad_() for value in inputs]
        out = function(*leaves)
        weight = torch.linspace(-1, 2, out.numel()).reshape(out.shape)
        (out * weight).sum().backward()
        for i, leaf in enumerate(leaves):
            tensors[f"{name}.in.{i}"] = leaf
            tensors[f"{name}.grad.{i}"] = leaf.grad
        tensors[f"{name}.out"] = out
        tensors[f"{name}.weight"] = weight
    write("operations.safetensors", tensors)


def transformer():
    """One block with everything that the MMDiT has; the gradient of each parameter."""
    batch, length, width, heads = 3, 7, 16, 2
    p = {
        "x": normal(batch, length, width),
        "shift": normal(batch, width),
        "scale": normal(batch, width),
        "qkv.weight": normal(3 * width, width) * 0.2,
        "qkv.bias": normal(3 * width) * 0.1,
        "q_norm": 1 + 0.1 * normal(width // heads),
        "k_norm": 1 + 0.1 * normal(width // heads),
        "out.weight": normal(width, width) * 0.2,
        "out.bias": normal(width) * 0.1,
        "up.weight": normal(4 * width, width) * 0.2,
        "up.bias": normal(4 * width) * 0.1,
        "down.weight": normal(width, 4 * width) * 0.2,
        "down.bias": normal(width) * 0.1,
    }
    p = {name: value.requires_grad_() for name, value in p.items()}
    h = F.layer_norm(p["x"], (width,), eps=1e-6) * (1 + p["scale"][:, None]) + p["shift"][:, None]
    q, k, v = F.linear(h, p["qkv.weight"], p["qkv.bias"]).chunk(3, dim=2)
    q, k, v = (t.reshape(batch, length, heads, -1).transpose(1, 2) for t in (q, k, v))
    q = F.rms_norm(q, (width // heads,), p["q_norm"], 1e-6)
    k = F.rms_norm(k, (width // heads,), p["k_norm"], 1e-6)
    a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width)
    y = p["x"] + F.linear(a, p["out.weight"], p["out.bias"])
    m = F.gelu(F.linear(F.layer_norm(y, (width,), eps=1e-6), p["up.weight"], p["up.bias"]), approximate="tanh")
    y = y + F.linear(m, p["down.weight"], p["down.bias"])
    loss = (y * 0.5).square().mean()
    loss.backward()
    tensors = dict(p)
    tensors.update({"grad." + name: value.grad for name, value in p.items()})
    tensors["loss"] = loss
    write("transformer.safetensors", tensors)


def adamw():
    """Twelve steps; b has tiny gradients, and none at all before step 3; the learning rate changes at step 6."""
    a = normal(4, 3).requires_grad_()
    b = normal(5).requires_grad_()
    tensors = {"a.0": a.clone(), "b.0": b.clone()}
    optimizer = torch.optim.AdamW([a, b], lr=3e-2, betas=(0.9, 0.99), eps=1e-6, weight_decay=0.1)
    for step in range(1, 13):
        if step == 6:
            optimizer.param_groups[0]["lr"] = 1e-2
        a.grad = normal(4, 3)
        b.grad = None if step < 3 else normal(5) * 1e-7
        tensors[f"a.grad.{step}"] = a.grad
        if b.grad is not None:
            tensors[f"b.grad.{step}"] = b.grad
        optimizer.step()
        tensors[f"a.{step}"] = a.clone()
        tensors[f"b.{step}"] = b.clone()
    write("adamw.safetensors", tensors)


def clipping():
    """clip_grad_norm_ above, below and on both sides of zero."""
    tensors = {}
    for name, factor in {"above": 3.0, "below": 0.01}.items():
        parameters = [normal(4, 3).requires_grad_(), normal(5).requires_grad_()]
        for i, parameter in enumerate(parameters):
            parameter.grad = normal(*parameter.shape) * factor
            tensors[f"{name}.grad.{i}"] = parameter.grad.clone()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        tensors[f"{name}.norm"] = norm
        for i, parameter in enumerate(parameters):
            tensors[f"{name}.clipped.{i}"] = parameter.grad
    write("clipping.safetensors", tensors)


def types():
    """Every type, a scalar, an empty tensor and metadata, as Python's safetensors writes them."""
    values = [0, 1, 2, 5]
    write(
        "types.safetensors",
        {
            "f32": torch.tensor([1.5, -2.25, 3e-5]),
            "f64": torch.tensor([1.5, -2.25, 3e-5], dtype=torch.float64),
            "f16": torch.tensor([1.5, -2.25, 0.125], dtype=torch.float16),
            "bf16": torch.tensor([1.5, -2.25, 0.125], dtype=torch.bfloat16),
            "i64": torch.tensor([[1, -2], [3, 1 << 40]]),
            "i32": torch.tensor(values, dtype=torch.int32),
            "u8": torch.tensor(values + [255], dtype=torch.uint8),
            "bool": torch.tensor([True, False, True]),
            "scalar": torch.tensor(7.0),
            "empty": torch.zeros(0, 3),
        },
        metadata={"format": "pt", "grüße": "ünïcödé"},
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for part in (operations, transformer, adamw, clipping, types):
        torch.manual_seed(20260101)
        part()
