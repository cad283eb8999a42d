"""Imports run one way: flows, tasks, veernet; and veernet knows no engine."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "veernet": {"flows", "tasks", "prefect", "prefect_dask", "dask", "distributed"},
    "tasks": {"flows"},
    "flows": set(),
}


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute module of every import, late ones and those for type checkers included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module if node.level == 0 and node.module else "." * node.level


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_a_layer_imports_none_above_it(package: str) -> None:
    """No file of a package imports what its layer must not know; relative imports would hide it."""
    files = sorted((ROOT / package).rglob("*.py"))
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in files
        for line, module in _imports(path)
        if module.split(".")[0] in FORBIDDEN[package] or module.startswith(".")
    ]
    assert files
    assert [] == wrong


def test_the_command_line_starts_without_what_is_heavy() -> None:
    """``veernet --help`` imports no engine, no network and no numerics, so that it answers at once."""
    script = "import sys, flows.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {
        "prefect",
        "dask",
        "distributed",
        "torch",
        "numba",
        "numpy",
        "zarr",
        "rasterio",
        "cv2",
        "scipy",
        "pydantic",
    }
    assert set() == heavy & set(done.stdout.split())
