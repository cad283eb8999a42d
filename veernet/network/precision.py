"""In what precision a network computes on a device."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

Precision = Literal["auto", "fp32", "bf16"]


def chosen(precision: Precision, device: torch.device) -> Literal["fp32", "bf16"]:
    """What ``auto`` stands for: bf16 on a GPU or a CPU with instructions for it, where it halves the time; else fp32.

    Without such instructions bf16 is emulated and several times slower.
    """
    if precision != "auto":
        return precision
    cpu = torch.cpu.get_capabilities()
    quick = device.type == "cuda" or bool(cpu.get("amx_bf16") or cpu.get("avx512_bf16"))
    return "bf16" if quick else "fp32"


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Within it, networks on the device compute in this precision; weights stay fp32."""
    if chosen(precision, device) == "bf16":
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()
