"""Which device and number format this machine computes fastest in, without losing what matters."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import linear

TRIED = (256, 1024, 512)  # rows, inputs and outputs of the product that is timed: 0.3 GFLOP
TRIES = 5
CLEARLY = 1.1  # times as fast: below that the exact format stays


def best_device() -> torch.device:
    """The GPU if torch sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where matrix products in it are native and take clearly less time, else float32.

    A CPU is timed, 20 ms once a process: of those with AVX512-BF16 some are 1.6 times as fast in bfloat16, others .6
    times (decision 5).
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    capable = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.bfloat16 if capable and _gains_by_bfloat16() else torch.float32


@cache
def _gains_by_bfloat16() -> bool:
    """Whether this CPU's products in bfloat16 are clearly quicker: the best of some tries, in turns."""
    rows, inputs, outputs = TRIED
    formats = (torch.float32, torch.bfloat16)
    tried = [(torch.ones(rows, inputs, dtype=dtype), torch.ones(outputs, inputs, dtype=dtype)) for dtype in formats]
    seconds = [[_seconds(lambda x=x, w=w: linear(x, w)) for x, w in tried] for _ in range(TRIES)]  # type: ignore[misc]
    exact, small = (min(times[i] for times in seconds) for i in (0, 1))
    return exact > CLEARLY * small


def _seconds(work: Callable[[], Tensor]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
