class Network(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Network, x: Tensor) -> Tensor:
    return torch.reshape(x, [3])
