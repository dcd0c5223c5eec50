class Network(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Network, x: Tensor) -> Dict[str, Tensor]:
    return {"double": torch.mul(x, 2), "whole": torch.to(x, 4)}
