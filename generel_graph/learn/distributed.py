"""The processes that train one model together, as `torchrun` starts them; one process alone is a world too.

A step's pairs are dealt out like cards: process r has the pairs r, r + size, r + 2·size … Each makes the vectors of its
own pairs and gets those of the others, so that the loss is that of the whole batch everywhere, and a pair has all other
pairs' ends as negatives. Every process takes the gradient of the whole loss by its own vectors alone; summed over the
processes that is the gradient of one process with the whole batch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from generel_graph.encode.device import best_device


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """This process among `size` of them; rank 0 writes, logs and validates."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    @property
    def pair_slice(self) -> slice:
        """Which of a batch's pairs are dealt to this process."""
        return slice(self.rank, None, self.size)

    def gather_vectors(self, own: Tensor, many: int) -> Tensor:
        """The vectors of all processes in the batch's order, [many, d]; gradients flow to `own` alone."""
        if self.size == 1:
            return own
        padded = own.new_zeros(-(-many // self.size), own.shape[1])
        padded[: len(own)] = own.detach()
        found = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(found, padded)
        found[self.rank] = torch.cat([own, padded[len(own) :]])
        return torch.stack(found, dim=1).flatten(0, 1)[:many]  # dealt out, so taken in turns

    def sum_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Sum the gradients over the processes; where a process has none it adds nothing."""
        if self.size == 1:
            return
        flat = torch.cat([torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in parameters])
        met = flat.new_tensor([p.grad is not None for p in parameters])
        dist.all_reduce(flat)
        dist.all_reduce(met)
        at = 0
        for parameter, any_ in zip(parameters, met.tolist(), strict=True):
            if any_:  # what no process has used stays without one: an optimizer leaves it alone
                parameter.grad = flat[at : at + parameter.numel()].view_as(parameter).clone()
            at += parameter.numel()

    def broadcast_flag(self, said: bool) -> bool:
        """What the first process says."""
        return bool(self.broadcast_mask(torch.tensor([said], device=best_device())).item()) if self.size > 1 else said

    def broadcast_mask(self, said: Tensor) -> Tensor:
        """What the first process says, [k]; `said` [k] is bool, and on this process' device."""
        if self.size == 1:
            return said
        told = said.to(torch.uint8)
        dist.broadcast(told, 0)
        return told.bool()

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            dist.barrier()


SINGLE_PROCESS = ProcessGroup()


@contextmanager
def join_process_group() -> Iterator[ProcessGroup]:
    """Join the world that `torchrun` describes by RANK and WORLD_SIZE; without them, a world of one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or dist.is_initialized():
        yield ProcessGroup(dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else SINGLE_PROCESS
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield ProcessGroup(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
