class Network(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Network, x: Tensor) -> Tensor:
    return ops.torchvision.nms(x, x, 0.5)
