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


def _given_by_workers() -> set[str]:
    """Modules of the classes that functions of ``tasks.compute`` give a run, which imports them to have what they gave."""
    tree = ast.parse((ROOT / "tasks" / "compute.py").read_text(encoding="utf-8"))
    module_of = {
        name.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names
    }
    given = [
        node.returns
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and "_told" in map(ast.unparse, node.decorator_list)
    ]
    names = {node.id for one in given if one is not None for node in ast.walk(one) if isinstance(node, ast.Name)}
    return {str(module_of[name]) for name in names if name in module_of}


def test_a_run_imports_nothing_that_its_workers_compute_with() -> None:
    """Neither at its start nor late, with what a worker gives it, when sheets would wait for it."""
    given = _given_by_workers()
    assert "veernet.curves.identity" in given
    script = f"import sys, flows.digitise, flows.archive, {', '.join(sorted(given))}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set() == {"torch", "numba", "zarr", "rasterio", "cv2", "scipy"} & set(done.stdout.split())
    stages = [path for path in (ROOT / "tasks").glob("*.py") if path.name != "compute.py"]
    late = {
        f"{path.name} imports {node.module}"
        for path in stages
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("veernet")
    }
    assert set() == late


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
