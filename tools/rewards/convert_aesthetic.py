"""Converts LAION's aesthetic head from a pickle to safetensors, which FlowGuard reads.

    python tools/rewards/convert_aesthetic.py sac+logos+ava1-l14-linearMSE.pth aesthetic.safetensors

Needs torch and safetensors. The pickle is read with weights_only, so that it cannot run code.
"""

import sys

import torch
from safetensors.torch import save_file


def main(source, target):
    state = torch.load(source, map_location="cpu", weights_only=True)
    layers = {name: tensor.float().contiguous() for name, tensor in state.items() if name.startswith("layers.")}
    if not layers:
        sys.exit(f"{source}: no layers.N.weight in it, so it is not LAION's linear head")
    save_file(layers, target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
