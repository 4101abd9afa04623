"""The process group that trains one model, as started by `torchrun`; a single process is a group of one.

The pairs of a step are distributed in turn: process r has the pairs r, r + size, r + 2·size … Each process computes the
vectors of its own pairs and receives those of the others, so that every process computes the loss of the complete
batch, and all other pairs of the batch give negatives. Each process computes the gradient of that loss with respect to
its own vectors; the sum over the processes equals the gradient of one process with the complete batch.
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
    """This process in a group of `size`; the process of rank 0 writes, logs and validates."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    @property
    def pair_slice(self) -> slice:
        """The pairs of a batch that this process has."""
        return slice(self.rank, None, self.size)

    def gather_vectors(self, own: Tensor, count: int) -> Tensor:
        """The vectors of all processes in the order of the batch, [count, d]; gradients flow only to `own`."""
        if self.size == 1:
            return own
        padded = own.new_zeros(-(-count // self.size), own.shape[1])
        padded[: len(own)] = own.detach()
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(parts, padded)
        parts[self.rank] = torch.cat([own, padded[len(own) :]])
        return torch.stack(parts, dim=1).flatten(0, 1)[:count]  # one of each process in turn

    def sum_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Sum the gradients over the processes; a missing gradient counts as zero."""
        if self.size == 1:
            return
        flat = torch.cat([torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in parameters])
        has_gradient = flat.new_tensor([p.grad is not None for p in parameters])
        dist.all_reduce(flat)
        dist.all_reduce(has_gradient)
        first = 0
        for parameter, in_any_process in zip(parameters, has_gradient.tolist(), strict=True):
            if in_any_process:  # the optimizer skips parameters without a gradient
                parameter.grad = flat[first : first + parameter.numel()].view_as(parameter).clone()
            first += parameter.numel()

    def broadcast_flag(self, flag: bool) -> bool:
        """The flag of the first process."""
        return bool(self.broadcast_mask(torch.tensor([flag], device=best_device())).item()) if self.size > 1 else flag

    def broadcast_mask(self, mask: Tensor) -> Tensor:
        """The mask of the first process, [k]; `mask` [k] is bool, on the device of this process."""
        if self.size == 1:
            return mask
        shared = mask.to(torch.uint8)
        dist.broadcast(shared, 0)
        return shared.bool()

    def wait(self) -> None:
        """Wait until all processes have called this method."""
        if self.size > 1:
            dist.barrier()


SINGLE_PROCESS = ProcessGroup()


@contextmanager
def join_process_group() -> Iterator[ProcessGroup]:
    """Join the process group that `torchrun` describes by RANK and WORLD_SIZE; without them, a group of one."""
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
