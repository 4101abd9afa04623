"""Hard negatives, by the towers as they are at a step."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from generel_graph.learn.distributed import ProcessGroup
from generel_graph.learn.pairs.batches import RoundInputs, TrainingStep
from generel_graph.learn.pairs.negatives import nearest


@torch.no_grad()
def hard_negatives(
    inputs: RoundInputs, step: TrainingStep, towers: nn.ModuleDict, many: int, processes: ProcessGroup
) -> NDArray[np.int64]:
    """Nodes among a step's candidates that are the `many` nearest to an anchor, known positives of it aside, [k].

    Without dropout; the towers are left in training mode. Nothing is drawn: the same step and towers give the same
    nodes. Every process looks at all candidates, and takes what the first has chosen.
    """
    given, group = inputs.given, inputs.groups[step.group]
    nodes = group.positives[step.candidates].astype(np.int64)
    if not len(nodes):
        return nodes
    fold, device = inputs.fold(step), next(towers.parameters()).device

    def vectors(tower: str, some: NDArray[np.int64]) -> Tensor:
        x = inputs.rows(tower, fold, some).to(device)
        own = torch.from_numpy(given.own_rows[some]).to(device)
        with torch.autocast(device.type, x.dtype, enabled=x.dtype != torch.float32):  # as in training
            z: Tensor = towers[tower](x, own)
        return z

    towers.eval()
    anchors = group.anchors[step.pairs[inputs.mine]].astype(np.int64)
    u = processes.gather_vectors(vectors(group.towers[0], anchors), len(step.pairs))
    v = vectors(group.towers[1], nodes)
    towers.train()
    hidden = given.masked.between(group.anchor_clusters[step.pairs], group.positive_clusters[step.candidates])
    chosen = processes.broadcast_mask(nearest(u, v, torch.from_numpy(hidden).to(device), many))
    joining: NDArray[np.int64] = nodes[chosen.cpu().numpy()]
    return joining
