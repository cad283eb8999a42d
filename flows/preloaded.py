"""What workers are forks with, imported when this module is, by the process that they are forks of (``flows/forks.py``).

Then it is put out of the garbage collector's sight: that writes into all that it looks at, and each worker would have a copy of its own of what it shares with the others.
"""

from __future__ import annotations

import gc
import importlib
from contextlib import suppress

from flows.uncollected import uncollected
from tasks.compute import NEEDED

#: Dask's own, what pieces of work need, and what ``veernet`` imports: every child looks into the script that its run was started by.
_MODULES = ("distributed", *NEEDED, "flows.cli")

with uncollected():
    for module in _MODULES:
        with suppress(ImportError):  # who needs it imports it again, and says what is wrong
            importlib.import_module(module)
gc.freeze()
