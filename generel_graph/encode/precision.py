"""Which device and number format this machine computes fastest in, without losing what matters."""

from __future__ import annotations

import torch


def best_device() -> torch.device:
    """The GPU if torch sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where matrix products in it are native (AVX512-BF16, AMX, recent GPUs), else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    capable = torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.bfloat16 if capable else torch.float32
