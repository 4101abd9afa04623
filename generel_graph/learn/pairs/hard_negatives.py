"""Hard negatives: the candidates that are nearest to the anchors under the current towers."""

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
    inputs: RoundInputs, step: TrainingStep, towers: nn.ModuleDict, count: int, processes: ProcessGroup
) -> NDArray[np.int64]:
    """The candidates of a step that are among the `count` nearest to any anchor, known positives excluded, [k].

    Computed without dropout and without random numbers; the towers are left in training mode. Every process scores all
    candidates and uses the choice of the first process.
    """
    data, group = inputs.data, inputs.groups[step.group]
    nodes = group.positives[step.candidates].astype(np.int64)
    if not len(nodes):
        return nodes
    fold, device = inputs.fold(step), next(towers.parameters()).device

    def vectors(tower: str, tower_nodes: NDArray[np.int64]) -> Tensor:
        x = inputs.rows(tower, fold, tower_nodes).to(device)
        identities = torch.from_numpy(data.own_rows[tower_nodes]).to(device)
        with torch.autocast(device.type, x.dtype, enabled=x.dtype != torch.float32):  # as in training
            z: Tensor = towers[tower](x, identities)
        return z

    towers.eval()
    anchors = group.anchors[step.pairs[inputs.pair_slice]].astype(np.int64)
    u = processes.gather_vectors(vectors(group.towers[0], anchors), len(step.pairs))
    v = vectors(group.towers[1], nodes)
    towers.train()
    mask = data.masked.mask(group.anchor_clusters[step.pairs], group.positive_clusters[step.candidates])
    is_hard = processes.broadcast_mask(nearest(u, v, torch.from_numpy(mask).to(device), count))
    negatives: NDArray[np.int64] = nodes[is_hard.cpu().numpy()]
    return negatives
