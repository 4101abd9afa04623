"""The two towers: a small MLP beside a residual of the base, so that training starts at text propagation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from generel_graph.learn.features.blocks import BASES, FLAGS, GROUPS, NEIGHBOUR_FLAGS, Block

LAST_LAYER_SPREAD = 0.002  # standard deviation at the start: z is the base, almost
IDENTITY_SPREAD = 0.01
IDENTITY_DROPOUT = 0.3  # share of examples whose own row is hidden in training


@dataclass(frozen=True, slots=True)
class TowerShape:
    """Sizes of a tower: input blocks, text dimension d, hidden width, output dimension, rows of its own."""

    tower: str
    blocks: tuple[Block, ...]
    text_dimension: int
    hidden: int
    dimension: int
    identities: int = 0  # SNPs with a trainable row; 0: none


def base(x: Tensor, shape: TowerShape, gates: Tensor | None = None) -> Tensor:
    """Text propagation, [k, d] of unit length or zeros: unit(Σ gate · unit(blocks of a term)).

    `gates` [terms]; None: where they start, which gives the stored half b.
    """
    d, terms = shape.text_dimension, BASES[shape.tower]
    blocks = x[:, : len(shape.blocks) * d].view(len(x), len(shape.blocks), d)  # √d long each, or zeros
    if gates is None:
        gates = torch.tensor([term.gate for term in terms], device=x.device)
    names = [block.name for block in shape.blocks]
    places = [[names.index(name) for name in term.blocks if name in names] for term in terms]
    alone = [(at[0], number) for number, at in enumerate(places) if len(at) == 1]
    at, number = (torch.tensor([pair[i] for pair in alone], dtype=torch.long, device=x.device) for i in (0, 1))
    weights = gates.new_zeros(len(names)).index_add(0, at, gates[number]) / d**0.5
    total = torch.matmul(weights.to(x.dtype), blocks).float()  # one product for all terms of one block
    for number_, several in enumerate(places):
        if len(several) > 1:
            total = total + gates[number_] * normalize(blocks[:, several].float().sum(dim=1), dim=-1)
    return normalize(total, dim=-1)


class Tower(nn.Module):
    """x [k, blocks · d + flags] → z [k, dimension] of unit length: unit(MLP(x) + a · base(x))."""

    def __init__(self, shape: TowerShape, dropout: float) -> None:
        super().__init__()
        self.shape = shape
        width = len(shape.blocks) * shape.text_dimension + FLAGS
        self.first = nn.Linear(width, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(shape.hidden, shape.dimension)
        nn.init.normal_(self.last.weight, std=LAST_LAYER_SPREAD)
        nn.init.zeros_(self.last.bias)
        self.gates = nn.Parameter(torch.tensor([term.gate for term in BASES[shape.tower]]))
        self.residual = nn.Parameter(torch.ones(()))
        # The base is of the encoder's dimension; another output dimension gets there by a fixed projection.
        fixed = torch.empty(0)
        if shape.dimension != shape.text_dimension:
            fixed = nn.init.orthogonal_(torch.empty(shape.dimension, shape.text_dimension))
        self.projection: Tensor
        self.register_buffer("projection", fixed)
        self.identity = nn.Embedding(shape.identities, shape.dimension) if shape.identities else None
        if self.identity is not None:
            nn.init.normal_(self.identity.weight, std=IDENTITY_SPREAD)

    def forward(self, x: Tensor, identities: Tensor | None = None) -> Tensor:
        """`identities` [k]: rows of the nodes' own vectors; −1 where a node has none."""
        hidden = self.dropout(nn.functional.gelu(self.norm(self.first(x))))
        moved = self.last(hidden).float()
        start = base(x, self.shape, self.gates)
        if self.projection.numel():
            start = normalize(start @ self.projection.T, dim=-1)
        z = moved + self.residual * start
        if self.identity is not None and identities is not None:
            seen = identities >= 0
            if self.training:
                seen = seen & (torch.rand(len(x), device=x.device) >= IDENTITY_DROPOUT)
            z = z + self.identity(identities.clamp(min=0)) * seen.unsqueeze(1)
        return normalize(z, dim=-1)


def hide(x: Tensor, shape: TowerShape, block_dropout: float, text_only: float) -> Tensor:
    """Input dropout: each block but the text is zeroed so often; some concepts keep text and kind alone."""
    d, blocks = shape.text_dimension, len(shape.blocks)
    keep = torch.rand(len(x), blocks) >= block_dropout
    out = x.clone()
    if shape.tower != "snp":
        alone = torch.rand(len(x)) < text_only
        keep[alone] = False
        flags = out[:, blocks * d :]
        kinds = slice(NEIGHBOUR_FLAGS, NEIGHBOUR_FLAGS + len(GROUPS))
        kind = flags[alone, kinds]
        flags[alone] = 0
        flags[alone, kinds] = kind
    keep |= torch.tensor([block.text for block in shape.blocks], dtype=torch.bool)
    out[:, : blocks * d].view(len(x), blocks, d).mul_(keep.to(x.device, x.dtype).unsqueeze(-1))
    return out


def with_text(x: Tensor, shape: TowerShape, vectors: Tensor) -> Tensor:
    """Inputs whose own text's block is that of other vectors, [k, d] of unit length or zeros; without that block, x."""
    at = next((i for i, block in enumerate(shape.blocks) if block.text), None)
    if at is None:
        return x
    d = shape.text_dimension
    return torch.cat([x[:, : at * d], (vectors * d**0.5).to(x.dtype), x[:, (at + 1) * d :]], dim=1)


def make_towers(shapes: Sequence[TowerShape], dropout: float, seed: int) -> nn.ModuleDict:
    """New towers, the same for the same seed."""
    torch.manual_seed(seed)
    return nn.ModuleDict({shape.tower: Tower(shape, dropout) for shape in shapes})


def gates_of(towers: nn.ModuleDict) -> Mapping[str, Sequence[float]]:
    """Where the gates and residuals have got to, by tower."""
    parameters = {name: value.detach() for name, value in towers.named_parameters()}
    return {
        name: [round(float(value), 3) for value in [*parameters[f"{name}.gates"], parameters[f"{name}.residual"]]]
        for name in towers
    }
