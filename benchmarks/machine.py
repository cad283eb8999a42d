"""The machine that something was measured on, in general words."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

from benchmarks.results import Ran

_VERSIONS = ("torch", "rasterio", "zarr", "numba", "prefect", "distributed")
_INSTRUCTIONS = ("avx2", "avx512_vnni", "avx512_bf16", "amx_bf16")


def ran(size: str) -> Ran:
    """What a run of the benchmarks says of itself."""
    import torch

    from veernet import __version__
    from veernet.network.precision import chosen

    cores, cpu = os.cpu_count() or 1, torch.cpu.get_capabilities()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    precision = chosen("auto", torch.device("cuda" if gpu else "cpu"))
    instructions = ", ".join(name.replace("_", "-").upper() for name in _INSTRUCTIONS if cpu.get(name))
    return Ran(
        size=size,
        device="gpu" if gpu else "cpu",
        machine=f"{cores} cores, {gpu or 'no GPU'}, {precision}",
        about=(
            f"{cores} cores, {cpu.get('cpu_name') or platform.machine()} with {instructions or 'no vector instructions'}",
            *([gpu] if gpu else []),
            f"the network in {precision}",
            f"VeerNet {__version__}, Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in _VERSIONS),
        ),
    )
