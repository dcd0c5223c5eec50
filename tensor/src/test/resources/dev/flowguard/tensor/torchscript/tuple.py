class Network(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Network, x: Tensor) -> Tuple[Tensor, Tensor]:
    return (torch.mul(x, 3), torch.mul(x, 4))
