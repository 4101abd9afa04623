"""What this machine computes with: threads, device, and the number format of training."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import linear

from generel_etl.errors import ConfigError

AUTO = "auto"
NATIVE = ("avx512_bf16", "amx_bf16", "bf16")  # torch's names of the instructions, the last that of ARM
FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}  # by their names in `[train] number_format`
TRIED = (128, 512, 256)  # rows, inputs and outputs of the product that is timed: .3 ms, short beside others' turns
TRIES = 40
CLEARLY = 1.1  # times as fast: below that the exact format stays


def best_device() -> torch.device:
    """The GPU if torch sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Let torch use so many threads for one operation, then as many as before; 0: leave it."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def training_dtype(number_format: str, device: torch.device) -> torch.dtype:
    """The dtype of a `[train] number_format`; `auto` is `fast_dtype`. Raises ConfigError as `check_dtype` does."""
    if number_format == AUTO:
        return fast_dtype(device)
    return check_dtype(FORMATS[number_format], device, "train.number_format")


def check_dtype(dtype: torch.dtype, device: torch.device, where: object) -> torch.dtype:
    """Return `dtype`; raise ConfigError for bfloat16 where torch would emulate it, which takes many times as long."""
    if dtype == torch.bfloat16 and not has_bfloat16(device):
        raise ConfigError(
            "this processor has no bfloat16",
            where=where,
            found=format_name(dtype),
            valid=(AUTO, format_name(torch.float32)),
            next_step='set [train] number_format = "float32", or train on a processor that has bfloat16',
        )
    return dtype


def format_name(dtype: torch.dtype) -> str:
    """The name of a dtype in `[train] number_format`."""
    return str(dtype).removeprefix("torch.")


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies matrices in bfloat16 by instructions of its own."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in NATIVE)


def fast_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where matrix products in it are native and take clearly less time, else float32.

    A CPU is timed, 30 ms once a process: of those with AVX512-BF16 some are 1.6 times as fast in bfloat16, others .6
    times (decision 5).
    """
    if device.type == "cuda":
        return torch.bfloat16 if has_bfloat16(device) else torch.float32
    capable = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.bfloat16 if capable and _gains_by_bfloat16() else torch.float32


@cache
def _gains_by_bfloat16() -> bool:
    """Whether this CPU's products in bfloat16 are clearly quicker: the best of many tries, in turns, by one thread.

    Two threads wait for each other: with others at work five longer tries of theirs were seen to choose the slower one.
    """
    rows, inputs, outputs = TRIED
    formats = (torch.float32, torch.bfloat16)
    tried = [(torch.ones(rows, inputs, dtype=dtype), torch.ones(outputs, inputs, dtype=dtype)) for dtype in formats]
    with torch_threads(1):
        seconds = [[_seconds(x, w) for x, w in tried] for _ in range(TRIES)]
    exact, small = (min(times[i] for times in seconds) for i in (0, 1))
    return exact > CLEARLY * small


def _seconds(x: Tensor, w: Tensor) -> float:
    began = time.perf_counter()
    linear(x, w)
    return time.perf_counter() - began
