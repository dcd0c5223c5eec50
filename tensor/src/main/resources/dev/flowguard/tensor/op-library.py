class Operations(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def silu(self: __torch__.Operations, x: Tensor) -> Tensor:
    return torch.silu(x)
  def gelu_tanh(self: __torch__.Operations, x: Tensor) -> Tensor:
    return torch.gelu(x, approximate="tanh")
  def rsqrt(self: __torch__.Operations, x: Tensor) -> Tensor:
    return torch.rsqrt(x)
  def expm1(self: __torch__.Operations, x: Tensor) -> Tensor:
    return torch.expm1(x)
  def softmax(self: __torch__.Operations, x: Tensor, dim: Tensor) -> Tensor:
    return torch.softmax(x, int(dim))
  def clamp(self: __torch__.Operations, x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return torch.clamp(x, float(low), float(high))
  def attention(self: __torch__.Operations, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return torch.scaled_dot_product_attention(query, key, value)
  def attention_causal(self: __torch__.Operations, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return torch.scaled_dot_product_attention(query, key, value, None, 0., True)
  def attention_masked(self: __torch__.Operations, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    return torch.scaled_dot_product_attention(query, key, value, mask)
  def attention_scaled(self: __torch__.Operations, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, scale: Tensor) -> Tensor:
    return torch.scaled_dot_product_attention(query, key, value, mask, 0., False, scale=float(scale))
  def rms_norm(self: __torch__.Operations, x: Tensor, weight: Tensor, epsilon: Tensor) -> Tensor:
    return torch.rms_norm(x, torch.size(weight), weight, float(epsilon))
  def group_norm(self: __torch__.Operations, x: Tensor, groups: Tensor, weight: Tensor, bias: Tensor, epsilon: Tensor) -> Tensor:
    return torch.group_norm(x, int(groups), weight, bias, float(epsilon))
  def conv_transpose2d(self: __torch__.Operations, x: Tensor, weight: Tensor, bias: Tensor, stride: Tensor, padding: Tensor) -> Tensor:
    steps = [int(stride), int(stride)]
    margins = [int(padding), int(padding)]
    return torch.conv_transpose2d(x, weight, bias, steps, margins)
  def to_dtype(self: __torch__.Operations, x: Tensor, dtype: Tensor) -> Tensor:
    return torch.to(x, int(dtype))
  def as_bfloat16(self: __torch__.Operations, x: Tensor) -> Tensor:
    return torch.set_(torch.empty([0], dtype=15), x, 0, torch.size(x), torch.stride(x))
  def to_device_of(self: __torch__.Operations, x: Tensor, other: Tensor) -> Tensor:
    return torch.to(x, dtype=None, layout=None, device=ops.prim.device(other))
  def copy_into(self: __torch__.Operations, target: Tensor, source: Tensor) -> Tensor:
    return torch.copy_(target, source)
  def in_graph(self: __torch__.Operations, x: Tensor) -> Tensor:
    return torch.tensor(int(ops.prim.requires_grad(x)))
