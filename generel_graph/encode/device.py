"""The device, the threads and the number format of computations on this machine."""

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
NATIVE = ("avx512_bf16", "amx_bf16", "bf16")  # torch's names for CPU instructions; "bf16" is that of ARM
FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}  # by their names in `[train] number_format`
TIMED_SHAPE = (128, 512, 256)  # rows, inputs, outputs of the timed product: .3 ms, less than a scheduler's time slice
TRIES = 40
MIN_SPEED_UP = 1.1  # bfloat16 is used only if it is faster by this factor


def best_device() -> torch.device:
    """The GPU if torch detects one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Set the number of threads of one torch operation, and restore it at the end; 0: no change."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def training_dtype(number_format: str, device: torch.device) -> torch.dtype:
    """The dtype of a `[train] number_format`; `auto` calls `fast_dtype`. Raises ConfigError as `check_dtype` does."""
    if number_format == AUTO:
        return fast_dtype(device)
    return check_dtype(FORMATS[number_format], device, "train.number_format")


def check_dtype(dtype: torch.dtype, device: torch.device, where: object) -> torch.dtype:
    """Return `dtype`; raise ConfigError for bfloat16 if torch would emulate it, which is many times slower."""
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
    """Whether the device has native instructions for matrix products in bfloat16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in NATIVE)


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 if its matrix products are native and clearly faster, otherwise float32.

    A CPU is timed once per process, for 30 ms: of those with AVX512-BF16, some are 1.6 times as fast in bfloat16,
    others only 0.6 times (decision 5).
    """
    if device.type == "cuda":
        return torch.bfloat16 if has_bfloat16(device) else torch.float32
    capable = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.bfloat16 if capable and _bfloat16_is_faster() else torch.float32


@cache
def _bfloat16_is_faster() -> bool:
    """Whether this CPU's products in bfloat16 are clearly faster: best of many alternating tries, with one thread.

    Two threads wait for each other: on a busy machine, five longer tries with two threads chose the slower format.
    """
    rows, inputs, outputs = TIMED_SHAPE
    formats = (torch.float32, torch.bfloat16)
    factors = [(torch.ones(rows, inputs, dtype=dtype), torch.ones(outputs, inputs, dtype=dtype)) for dtype in formats]
    with torch_threads(1):
        seconds = [[_product_seconds(x, w) for x, w in factors] for _ in range(TRIES)]
    float32, bfloat16 = (min(times[i] for times in seconds) for i in (0, 1))
    return float32 > MIN_SPEED_UP * bfloat16


def _product_seconds(x: Tensor, w: Tensor) -> float:
    began = time.perf_counter()
    linear(x, w)
    return time.perf_counter() - began
