"""The Dask cluster of a run: one that is named, or else local processes that never outlive it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.forks import forks, interrupts_wait
from tasks.compute import THREADS
from tasks.watch import GPU_DEVICES
from veernet.errors import OptionError
from veernet.location import redact

if TYPE_CHECKING:
    from distributed import Client, SpecCluster, Worker

CONNECT_TIMEOUT_S = 10.0
WORKER_TIMEOUT_S = 120.0
#: Dask samples every thread a hundred times a second and keeps what it saw for an hour, and a hundred thousand transitions of tasks:
#: memory that grows by the sheet, for a dashboard that nobody sees. ``docker-compose.yml`` says the same to its services.
_NO_DIARY = {"distributed.worker.profile.enabled": False, "distributed.admin.low-level-log-length": 1000}

_LOOPBACK = "127.0.0.1"
#: What the workers may have of the memory there is; the rest is for the run, its server and whatever else runs here.
_SHARE_OF_MEMORY = 0.9
#: A worker takes some 0.8 GB, and more for large pages.
_WORKER_BYTES = 2 << 30
_MOST_WORKERS = 8


@dataclass(frozen=True)
class Means:
    """What a run computes with.

    Args:
        weights: Weights file of the network; the shipped one unless given.
        dask: Address of a Dask scheduler; unless given, a cluster of the run's own.
        workers: Worker processes of the run's own cluster.
        work: Folder for work arrays that all workers share; a temporary one unless given.
        deadline: Seconds that any one piece of a sheet's work may take before its worker is ended; by its size unless given.
    """

    weights: str | None
    dask: str | None
    workers: int | None
    work: str | None
    deadline: float | None


def work_folder(work: str | None) -> tempfile.TemporaryDirectory[str]:
    """A run's own folder for work arrays, in the one given; a run that ends early does not wait for its threads, which may still be writing there."""
    return tempfile.TemporaryDirectory(prefix="veernet-", dir=work, ignore_cleanup_errors=True)


@contextmanager
def dask_client(address: str | None = None, workers: int | None = None) -> Iterator[Client]:
    """Give a client of the cluster at ``address``, or of a local one that lives as long as the context.

    A local cluster has one process a GPU, or else two and more, as cores and memory allow: only the network uses several cores of a
    process, the stages beside it one. Each process runs one task at a time and listens on the loopback interface only, without a dashboard.

    Args:
        address: A scheduler, as ``tls://10.0.0.7:8786``, or ``tcp://`` on this machine; it is left running.
        workers: How many local processes, where not as above; they share the cores and GPUs out between them.

    Raises:
        OptionError: nobody answers at ``address``, or ``workers`` makes no sense.
    """
    _check(workers)
    if address is not None:
        with _connected(address) as client:
            yield client
        return
    from distributed import Client

    with (
        tempfile.TemporaryDirectory(prefix="veernet-dask-", ignore_cleanup_errors=True) as folder,
        _local_cluster(workers, folder) as cluster,
        Client(cluster, timeout=CONNECT_TIMEOUT_S) as client,  # type: ignore[no-untyped-call]
    ):
        client.wait_for_workers(1, timeout=WORKER_TIMEOUT_S)
        yield client


@contextmanager
def getting_ready(address: str | None, workers: int | None) -> Iterator[None]:
    """Have what takes longest of ``dask_client(address, workers)`` under way for as long as the context lasts; entering waits for none of it.

    Raises:
        OptionError: ``workers`` makes no sense.
    """
    _check(workers)
    if address is not None:
        yield
        return
    with forks(_environment(_processes(workers)[1])):
        yield


def _check(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise OptionError("--workers", f"is {workers}", "give 1 or more")


def _connected(address: str) -> Client:
    from distributed import Client

    _refuse_open_door(address)

    try:
        asyncio.run(asyncio.wait_for(_shake_hands(address), CONNECT_TIMEOUT_S))
        return Client(address, timeout=CONNECT_TIMEOUT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        remedy = "start one with 'dask scheduler', check the address, or leave the option out to use this machine"
        raise OptionError(redact(f"--dask {address}"), f"no Dask scheduler answers there ({why})", remedy) from None


def _refuse_open_door(address: str) -> None:
    """Whoever reaches a scheduler without TLS runs code on it, and on all that use it."""
    scheme, _, rest = address.rpartition("://")
    host = rest.rpartition(":")[0].strip("[]")
    if scheme in ("", "tcp") and host and not _is_loopback(host):
        remedy = "make certificates (`veernet certificates`), give them to scheduler and workers, and name it tls://host:8786"
        raise OptionError(redact(f"--dask {address}"), "is beyond this machine and not encrypted", remedy)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _shake_hands(address: str) -> None:
    """Speak with a scheduler once; a client waits for ever for something that accepts connections but is none."""
    from distributed import Security
    from distributed.comm.core import connect

    security = Security()  # type: ignore[no-untyped-call]
    comm = await connect(address, timeout=CONNECT_TIMEOUT_S, **security.get_connection_args("client"))  # type: ignore[no-untyped-call]
    comm.abort()


@contextmanager
def _local_cluster(workers: int | None, folder: str) -> Iterator[SpecCluster]:
    import dask
    from distributed import Nanny, Scheduler, SpecCluster
    from distributed.system import MEMORY_LIMIT

    gpus, processes = _processes(workers)
    environment = _environment(processes)
    shared: dict[str, Any] = {
        "host": _LOOPBACK,
        "nthreads": 1,
        "dashboard": False,
        "dashboard_address": f"{_LOOPBACK}:0",  # what is left of it, a health page, still wants a port
        "local_directory": folder,
        "memory_limit": int(MEMORY_LIMIT * _SHARE_OF_MEMORY) // processes,
        "silence_logs": logging.ERROR,
        "preload": [*dask.config.get("distributed.worker.preload"), __name__],
    }
    specs = {
        index: {"cls": Nanny, "options": {**shared, "env": _one_gpu(gpus, index)}}  # LocalCluster's would all be alike
        for index in range(processes)
    }
    scheduler = {
        "cls": Scheduler,
        "options": {"host": _LOOPBACK, "port": 0, "dashboard": False, "dashboard_address": f"{_LOOPBACK}:0"},
    }
    with (
        forks(environment) as method,
        dask.config.set(
            {
                **_NO_DIARY,
                "distributed.worker.multiprocessing-method": method,
                "distributed.nanny.pre-spawn-environ": environment,
                "temporary-directory": folder,
                "distributed.comm.require-encryption": False,  # it may be set for a cluster of several machines; here nothing leaves this one
                # A worker that is short of memory is ended by its nanny. To pause it would be for ever: what it holds is not Dask's to put on disk.
                "distributed.worker.memory.pause": False,
                # A nanny starts another worker where one has died. Dask would close it where that takes longer than 15 s, and with it the only worker there is.
                "distributed.deploy.lost-worker-timeout": "1000 days",
            }
        ),
        ExitStack() as closing,
    ):
        with interrupts_wait():
            cluster = closing.enter_context(
                SpecCluster(  # type: ignore[no-untyped-call]
                    workers=specs, scheduler=scheduler, silence_logs=logging.ERROR
                )
            )
        yield cluster


def dask_setup(worker: Worker) -> None:  # noqa: ARG001
    """Prepare a worker of a run's own cluster; Dask calls it, by this name, when one starts."""
    logging.getLogger("distributed.worker").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a worker is to say this: that its connection to the run is gone is the run's end, which would else come with a traceback of every heartbeat."""
    from distributed.comm.core import CommClosedError

    return not (record.exc_info and isinstance(record.exc_info[1], CommClosedError))


def _processes(workers: int | None) -> tuple[list[str], int]:
    """GPUs, and how many processes share them and the cores."""
    gpus = visible_gpus()
    return gpus, workers or len(gpus) or usual_workers(os.cpu_count() or 1, _memory_bytes())


def _memory_bytes() -> int:
    """What Dask takes for the memory of this machine.

    All of Dask takes half a second to import, for which the process that workers are forks of would wait, and a run for that; this module of it needs nothing of the rest.
    """
    if "distributed" not in sys.modules:
        found = find_spec("distributed")
        assert found is not None
        assert found.origin is not None
        alone = spec_from_file_location("distributed_system_alone", Path(found.origin).with_name("system.py"))
        assert alone is not None
        assert alone.loader is not None
        system: Any = module_from_spec(alone)
        alone.loader.exec_module(system)
        return int(system.MEMORY_LIMIT)
    from distributed.system import MEMORY_LIMIT

    return MEMORY_LIMIT


def _environment(processes: int) -> dict[str, str]:
    """What the libraries of a worker are told of threads. They read it when they are imported, and Dask sets one each unless told."""
    threads = max(1, (os.cpu_count() or 1) // processes)
    return {
        **{f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "MKL", "OPENBLAS", "NUMBA")},
        "OPENCV_FOR_THREADS_NUM": str(threads),
        **{name: os.environ.get(name, value) for name, value in THREADS.items()},
    }


def usual_workers(cores: int, memory_bytes: int) -> int:
    """How many processes serve a machine without a GPU best: one for every two cores, two on two cores, as far as there is memory for them.

    ``docs/performance.md`` has what two are worth on two cores.
    """
    return max(1, min(cores, max(2, cores // 2), _MOST_WORKERS, int(memory_bytes * _SHARE_OF_MEMORY) // _WORKER_BYTES))


def visible_gpus() -> list[str]:
    """Name the GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` would."""
    if not any(device.exists() for device in GPU_DEVICES):
        return []  # saves importing torch, which takes seconds
    import torch

    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    count = torch.cuda.device_count()
    return (named or [str(index) for index in range(count)])[:count]


def _one_gpu(gpus: list[str], index: int) -> dict[str, str]:
    return {"CUDA_VISIBLE_DEVICES": gpus[index % len(gpus)]} if gpus else {}
