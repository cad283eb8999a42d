"""The table of faults in docs/reliability.md, made from the tests that make them happen.

A test says which fault it makes and how that ends: ``@pytest.mark.fault(2, outcome="partial")``. Of one test there may be several marks.
``python tests/faults/table.py`` writes the table anew.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"

SECTIONS: dict[str, dict[int, str]] = {
    "The scan": {
        1: "TIFF cut at 50 % or 1 %",
        2: "bit flips in G4 strips or tiles",
        3: "JPEG in TIFF with 4 KiB zeroed",
        4: "bit flips in uncompressed data",
        5: "sparse TIFF, strips missing",
        6: "empty file, 8 bytes, an HTML error page",
        7: "PNG or JPEG renamed .tif",
        8: "VRT renamed .tif that reads a local file",
        9: "VRT XML, `/vsi...`, `MEM:::`, `GTIFF_DIR:` as a source",
        10: "a source URL to loopback or a metadata service",
        11: "8 KB that claim 100,000 x 1,000,000 px",
        12: "3.6 MB in one deflate strip, 3.6 GB unpacked",
        13: "an honest 240,000-row sheet",
        14: "one-strip file",
        15: "multi-page TIFF",
        16: "hostile .aux.xml sidecar",
        17: "MinIsWhite and MinIsBlack, palette, 16 bit, alpha, CMYK",
        18: "orientation tag; dpi zero, absurd, or x unlike y",
        19: "all white, all black",
        20: "1 x 1 px; narrower than a tile",
    },
    "Workers, processes, machines": {
        21: "the decoder segfaults",
        22: "a worker dies once",
        23: "a worker dies each time on one sheet",
        24: "neighbours of such a sheet",
        25: "out of memory, by the kernel or as an error",
        26: "CUDA out of memory",
        27: "a hang inside C code",
        28: "kill -9 of the run",
        29: "SIGTERM, Ctrl-C",
        30: "the Dask scheduler dies",
        31: "Prefect's API or database goes away mid-run",
        32: 'SQLite "database is locked"',
        33: "more than N % of sheets fail",
    },
    "Storage": {
        34: "two 503s, then fine",
        35: "503 for ever",
        36: "the body is cut short",
        37: "connection reset",
        38: "a read or a write stalls",
        39: "403, 404, expired token",
        40: "the object is replaced while read",
        41: "a zarr chunk is missing",
        42: "kill -9 while zarr writes",
        43: "one bit of a chunk flips",
        44: "a shard of 0 bytes",
        45: "two runs on one sheet",
        46: "disk full, read-only destination",
        47: "kill -9 while the LAS is written",
        48: "a finished batch again",
        49: "model, manifest or version changed since",
    },
    "Network and weights": {
        50: "a .pt file that runs code",
        51: "weights cut short, of another digest or shape",
        52: "NaN or Inf out of the network",
        53: "bf16 on a CPU without it",
    },
    "Names, headers, reports": {
        54: "stem or well name `../../x`, absolute, NUL",
        55: "names equal after cleaning, or but for case",
        56: "newline or `~A` in a header value",
        57: "mnemonic with `.` `:` `#` `~`, unit with a space",
        58: "duplicate mnemonics",
        59: "text beyond ASCII",
        60: "inf, 1e300",
        61: "a real value equal to NULL",
        62: "STRT, STOP, STEP against the index",
        63: "a cell of a report that begins with = + - @ TAB CR LF",
        64: "HTML, Markdown or links in names, in artifacts and pages",
        65: "a bad archive listing: duplicates, BOM, a million rows, wrong types",
    },
    "Doors": {
        66: "a stranger connects to the Dask scheduler",
        67: "Dask's dashboard",
        68: "results pickled to shared storage",
        69: "a Prefect server beyond loopback without auth",
        70: "credentials in a URL, the environment, an exception",
    },
}
#: What happens, by the number of its row.
FAULTS = {number: what for rows in SECTIONS.values() for number, what in rows.items()}


@dataclass(frozen=True, order=True)
class Proof:
    """A test that makes a fault happen.

    Args:
        row: Number of the fault.
        outcome: How it ends.
        test: The test, as pytest finds it.
    """

    row: int
    outcome: str
    test: str


def proofs(folder: Path = TESTS) -> list[Proof]:
    """Every mark of a test in the folder, in the order of rows.

    Raises:
        ValueError: A mark names no row of the table, or no outcome.
    """
    found = []
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                where = f"{path.relative_to(folder).as_posix()}::{node.name}"
                found += [Proof(row, outcome, where) for row, outcome in _marks(node, where)]
    return sorted(found)


def _marks(function: ast.FunctionDef, where: str) -> Iterator[tuple[int, str]]:
    for mark in function.decorator_list:
        if not (isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault"):
            continue
        given = [ast.literal_eval(argument) for argument in mark.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in mark.keywords}
        if len(given) != 1 or given[0] not in FAULTS or list(named) != ["outcome"] or not named["outcome"]:
            raise ValueError(f"{where}: {ast.unparse(mark)}; write pytest.mark.fault(ROW, outcome=TEXT)")
        yield given[0], named["outcome"]


def table(found: list[Proof]) -> str:
    """The table in Markdown: row, what happens, how it ends, which tests show it."""
    lines = []
    for section, rows in SECTIONS.items():
        lines += ["", f"### {section}", "", "| # | what happens | how it ends | shown by |", "|---|---|---|---|"]
        for number, what in rows.items():
            mine = [proof for proof in found if proof.row == number]
            outcomes = "; ".join(dict.fromkeys(proof.outcome for proof in mine)) or "**not shown yet**"
            tests = ", ".join(dict.fromkeys(f"`{proof.test}`" for proof in mine))
            lines.append(f"| {number} | {what} | {outcomes} | {tests} |")
    return "\n".join([*lines[1:], ""])


def page_with(text: str, rows: str) -> str:
    """The page with this table in it, in place of the one that it has."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} has no {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{rows}{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), table(proofs())), encoding="utf-8")
