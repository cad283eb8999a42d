"""What a benchmark found: ratios, tables and plots, a line of JSON each, written as they come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    part: str = Field(default="", description="the measure that it comes from")


class Ratio(_Item):
    """One thing's cost over another's, measured in the same run: what may be compared between runs and machines."""

    kind: Literal["ratio"] = "ratio"
    name: str
    value: float = Field(description="median over the rounds")
    noise: float = Field(0.0, ge=0, description="half the range over the rounds, as a share of the median")
    better: Literal["lower", "higher"] = "lower"
    goal: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether it reaches its goal; None where it has none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal


class Table(_Item):
    """Figures of this machine, for people."""

    kind: Literal["table"] = "table"
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


class Plot(_Item):
    """Points by series; ``name`` becomes the file's."""

    kind: Literal["plot"] = "plot"
    name: str
    title: str
    x: str
    y: str
    series: dict[str, tuple[tuple[float, float], ...]]


class Failed(_Item):
    """A measure that could not be made, or not to its end."""

    kind: Literal["failed"] = "failed"
    why: str


class Ran(_Item):
    """What was measured, on what: once a run."""

    kind: Literal["ran"] = "ran"
    size: str
    machine: str = Field(description="class of machine: cores, device, precision")
    device: Literal["cpu", "gpu"] = Field("cpu", description="where the network computes")
    about: tuple[str, ...] = Field(description="machine and versions, a clause each")

    @property
    def kept_as(self) -> str:
        """What ratios are kept under: those of another size are of other sheets."""
        return f"{self.machine}, size {self.size}"


Item = Annotated[Ratio | Table | Plot | Failed | Ran, Field(discriminator="kind")]
#: The part that what a run says of itself goes under.
RUN = "run"
_ITEM: TypeAdapter[Item] = TypeAdapter(Item)


class Results:
    """A file of items; measures add to it one after the other.

    Args:
        path: The file, a line of JSON an item; made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def items(self) -> list[Item]:
        """Everything in it, in the order in which it came."""
        if not self._path.exists():
            return []
        return [_ITEM.validate_json(line) for line in self._path.read_text().splitlines()]

    def add(self, part: str, item: Item) -> None:
        """Add an item of a measure."""
        self._write([item.model_copy(update={"part": part})], "a")

    def begin(self, ran: Ran, parts: Collection[str]) -> None:
        """Drop what earlier runs of these measures found, and what was found in another size or on another machine altogether."""
        before = self.items()
        alike = any(isinstance(item, Ran) and (item.size, item.machine) == (ran.size, ran.machine) for item in before)
        kept = [item for item in before if alike and item.part not in {*parts, RUN}]
        self._write([ran.model_copy(update={"part": RUN}), *kept], "w")

    def _write(self, items: Sequence[Item], mode: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open(mode) as file:
            file.writelines(f"{item.model_dump_json()}\n" for item in items)
