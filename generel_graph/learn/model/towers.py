"""The two towers: a small MLP plus a residual of text propagation, at which training therefore starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from generel_graph.learn.features.blocks import BASES, FLAGS, GROUPS, NEIGHBOUR_FLAGS, Block

LAST_LAYER_SPREAD = 0.002  # initial standard deviation: z is almost equal to text propagation
IDENTITY_SPREAD = 0.01
IDENTITY_DROPOUT = 0.3  # share of examples whose own row is dropped in training


@dataclass(frozen=True, slots=True)
class TowerShape:
    """The shape of a tower: input blocks, text dimension d, hidden width, output dimension, rows of nodes."""

    tower: str
    blocks: tuple[Block, ...]
    text_dimension: int
    hidden: int
    dimension: int
    identities: int = 0  # nodes with a trainable row of their own; 0: none


def text_propagation(x: Tensor, shape: TowerShape, gates: Tensor | None = None) -> Tensor:
    """Text propagation, [k, d] of unit length or zeros: unit(Σ gate · unit(blocks of a term)).

    `gates` [terms]; None: their initial values, which give the part b of the stored vector.
    """
    d, terms = shape.text_dimension, BASES[shape.tower]
    blocks = x[:, : len(shape.blocks) * d].view(len(x), len(shape.blocks), d)  # each of length √d, or zeros
    if gates is None:
        gates = torch.tensor([term.gate for term in terms], device=x.device)
    names = [block.name for block in shape.blocks]
    term_blocks = [[names.index(name) for name in term.blocks if name in names] for term in terms]
    single = [(indices[0], term) for term, indices in enumerate(term_blocks) if len(indices) == 1]
    block, term_of_block = (
        torch.tensor([pair[i] for pair in single], dtype=torch.long, device=x.device) for i in (0, 1)
    )
    weights = gates.new_zeros(len(names)).index_add(0, block, gates[term_of_block]) / d**0.5
    total = torch.matmul(weights.to(x.dtype), blocks).float()  # one product for all terms of one block
    for term_number, indices in enumerate(term_blocks):
        if len(indices) > 1:
            total = total + gates[term_number] * normalize(blocks[:, indices].float().sum(dim=1), dim=-1)
    return normalize(total, dim=-1)


class Tower(nn.Module):
    """x [k, blocks · d + flags] → z [k, dimension] of unit length: unit(MLP(x) + a · text_propagation(x))."""

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
        # Text propagation has the encoder's dimension; a fixed projection maps it to another output dimension.
        fixed = torch.empty(0)
        if shape.dimension != shape.text_dimension:
            fixed = nn.init.orthogonal_(torch.empty(shape.dimension, shape.text_dimension))
        self.projection: Tensor
        self.register_buffer("projection", fixed)
        self.identity = nn.Embedding(shape.identities, shape.dimension) if shape.identities else None
        if self.identity is not None:
            nn.init.normal_(self.identity.weight, std=IDENTITY_SPREAD)

    def forward(self, x: Tensor, identities: Tensor | None = None) -> Tensor:
        """Compute z; `identities` [k]: rows of the nodes' own vectors, −1 for a node without one."""
        hidden = self.dropout(nn.functional.gelu(self.norm(self.first(x))))
        learnt = self.last(hidden).float()
        propagated = text_propagation(x, self.shape, self.gates)
        if self.projection.numel():
            propagated = normalize(propagated @ self.projection.T, dim=-1)
        z = learnt + self.residual * propagated
        if self.identity is not None and identities is not None:
            used = identities >= 0
            if self.training:
                used = used & (torch.rand(len(x), device=x.device) >= IDENTITY_DROPOUT)
            z = z + self.identity(identities.clamp(min=0)) * used.unsqueeze(1)
        return normalize(z, dim=-1)


def input_dropout(x: Tensor, shape: TowerShape, block_dropout: float, text_only: float) -> Tensor:
    """Zero each block but the text with probability `block_dropout`.

    A share `text_only` of the concepts keeps only its text and its group flag.
    """
    d, blocks = shape.text_dimension, len(shape.blocks)
    keep = torch.rand(len(x), blocks) >= block_dropout
    out = x.clone()
    if shape.tower != "snp":
        is_text_only = torch.rand(len(x)) < text_only
        keep[is_text_only] = False
        flags = out[:, blocks * d :]
        group_flags = slice(NEIGHBOUR_FLAGS, NEIGHBOUR_FLAGS + len(GROUPS))
        groups = flags[is_text_only, group_flags]
        flags[is_text_only] = 0
        flags[is_text_only, group_flags] = groups
    keep |= torch.tensor([block.text for block in shape.blocks], dtype=torch.bool)
    out[:, : blocks * d].view(len(x), blocks, d).mul_(keep.to(x.device, x.dtype).unsqueeze(-1))
    return out


def replace_text(x: Tensor, shape: TowerShape, vectors: Tensor) -> Tensor:
    """Replace the text block of inputs by other text vectors, [k, d] of unit length or zeros.

    Inputs without a text block are returned unchanged.
    """
    index = next((i for i, block in enumerate(shape.blocks) if block.text), None)
    if index is None:
        return x
    d = shape.text_dimension
    return torch.cat([x[:, : index * d], (vectors * d**0.5).to(x.dtype), x[:, (index + 1) * d :]], dim=1)


def make_towers(shapes: Sequence[TowerShape], dropout: float, seed: int) -> nn.ModuleDict:
    """New towers; the same seed gives the same weights."""
    torch.manual_seed(seed)
    return nn.ModuleDict({shape.tower: Tower(shape, dropout) for shape in shapes})


def gate_values(towers: nn.ModuleDict) -> Mapping[str, Sequence[float]]:
    """The current gates and, last, the residual of each tower."""
    parameters = {name: value.detach() for name, value in towers.named_parameters()}
    return {
        name: [round(float(value), 3) for value in [*parameters[f"{name}.gates"], parameters[f"{name}.residual"]]]
        for name in towers
    }
