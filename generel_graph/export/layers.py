"""The adapter as a stack of standard layers, exactly, so that it loads without code of this package.

The adapter gives unit(S·x + A·n + c), where n = g·(h − mean h)/σ + β is the layer norm of h = gelu(F·x + b) and x
has unit length. A stack of layers can neither add a skip connection nor normalise a part of a vector. So x is carried
along as part of the vector:

1. gelu of [F·x + b ; x ; −x]; gelu(x) − gelu(−x) = x, so x is recovered exactly.
2. [h − mean h ; δ·x ; δ], with 2δ² = w·ε for h of width w and the norm's ε; its length is r = √w·σ, ε included, since
   x has unit length.
3. Divided by its length: p = (h − mean h)/r, q = δ·x/r and t = δ/r, all within −1 … 1.
4. hardswish of p + t, p − t, ±q and ±t. Within −3 … 3 it is (a² + 3a)/6. So hardswish(a) − hardswish(−a) = a, and
   hardswish(p + t) − hardswish(p − t) = ⅔·p·t + t.
5. S·q + √w·A·(g·p·t) + (A·β + c)·t, which is δ/r times the adapter's output before scaling to unit length.
6. Divided by its length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

GELU, HARDSWISH, IDENTITY = (
    "torch.nn.modules.activation.GELU",
    "torch.nn.modules.activation.Hardswish",
    "torch.nn.modules.linear.Identity",
)
EPSILON = nn.LayerNorm(1).eps


@dataclass(frozen=True, slots=True)
class Layer:
    """activation(weight · x + bias); `activation` is the import path of a torch module."""

    weight: Tensor  # [out, in], float32
    bias: Tensor  # [out]
    activation: str


def plain_layers(adapter: Mapping[str, Tensor]) -> tuple[Layer | None, ...]:
    """The layers of an adapter with this state dict, for text vectors of unit length; None: division by the length."""
    state = {key: value.detach().cpu().double() for key, value in adapter.items()}
    first, skip, last = state["first.weight"], state["skip.weight"], state["last.weight"]
    gain, shift = state["norm.weight"], state["norm.bias"]
    width, d = first.shape
    root = width**0.5
    delta = (width * EPSILON / 2) ** 0.5
    x, h = torch.eye(d, dtype=torch.double), torch.eye(width, dtype=torch.double)

    widen = torch.cat([first, x, -x])
    opened = torch.cat([state["first.bias"], torch.zeros(2 * d, dtype=torch.double)])

    centre = torch.zeros(width + d + 1, width + 2 * d, dtype=torch.double)
    centre[:width, :width] = h - 1 / width
    centre[width:-1, width:] = delta * torch.cat([x, -x], dim=1)
    constant = torch.zeros(width + d + 1, dtype=torch.double)
    constant[-1] = delta

    p_t = torch.zeros(2 * width, width + d + 1, dtype=torch.double)
    p_t[:width, :width] = p_t[width:, :width] = h
    p_t[:width, -1], p_t[width:, -1] = 1, -1
    q_t = torch.zeros(d + 1, width + d + 1, dtype=torch.double)
    q_t[:, width:] = torch.eye(d + 1, dtype=torch.double)
    multiply = torch.cat([p_t, q_t, -q_t])

    product = 1.5 * root * last * gain
    along = last @ shift + state["last.bias"] - product.sum(dim=1)
    carried = torch.cat([skip, along[:, None]], dim=1)
    add = torch.cat([product, -product, carried, -carried], dim=1)

    return (
        _layer(widen, opened, GELU),
        _layer(centre, constant, IDENTITY),
        None,
        _layer(multiply, torch.zeros(len(multiply)), HARDSWISH),
        _layer(add, torch.zeros(len(add)), IDENTITY),
        None,
    )


def _layer(weight: Tensor, bias: Tensor, activation: str) -> Layer:
    return Layer(weight.float().contiguous(), bias.float().contiguous(), activation)
