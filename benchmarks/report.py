"""Results as Markdown: ratios first, then the figures of this machine, with their plots; and where they go in a page that says more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.plots import svg
from benchmarks.results import Failed, Item, Plot, Ran, Ratio, Table


def marks(device: str) -> tuple[str, str]:
    """What stands before and behind the report of a device in a page."""
    return f"<!-- make bench writes from here: {device} -->", f"<!-- to here: {device} -->"


def markdown(items: Sequence[Item], plots: str, titles: Mapping[str, str] | None = None) -> Iterator[str]:
    """Lines of a report.

    Args:
        items: What was found.
        plots: Folder of the plots, as seen from the page.
        titles: What each measure is called above its tables and plots.
    """
    for ran in (item for item in items if isinstance(item, Ran)):
        yield f"`make bench`, size {ran.size}: {'; '.join(ran.about)}."
        yield ""
    yield "| ratio | median | noise | goal | |"
    yield "|---|---|---|---|---|"
    for one in (item for item in items if isinstance(item, Ratio)):
        yield _ratio_row(one)
    for failed in (item for item in items if isinstance(item, Failed)):
        yield ""
        yield f"**Not measured: {failed.part}**: {failed.why}"
    last = ""
    for item in items:
        if isinstance(item, Table | Plot) and item.part != last:
            last = item.part
            yield from ("", f"### {(titles or {}).get(last, last).capitalize()}") if last else ()
        if isinstance(item, Table):
            yield ""
            yield from _table(item)
        elif isinstance(item, Plot):
            yield ""
            yield f"![{item.title}]({plots}/{item.name}.svg)"


def _ratio_row(one: Ratio) -> str:
    goal = "" if one.goal is None else f"{'at most' if one.better == 'lower' else 'at least'} {one.goal:g}"
    met = {None: "", True: "met", False: "**not met**"}[one.met]
    return f"| {one.name} | {one.value:.3g} | ±{one.noise:.0%} | {goal} | {met} |"


def _table(table: Table) -> Iterator[str]:
    yield f"**{table.title}**"
    yield ""
    yield f"| {' | '.join(table.columns)} |"
    yield "|---" * len(table.columns) + "|"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"
    if table.note:
        yield ""
        yield table.note


def write_plots(items: Sequence[Item], folder: Path) -> None:
    """Write each plot as ``<name>.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in items:
        if isinstance(item, Plot):
            (folder / f"{item.name}.svg").write_text(svg(item))


def put_between(page: str, report: str, device: str) -> str:
    """A page with the report between the two marks of its device, in place of what was there.

    Raises:
        ValueError: The page does not have the marks, each once and in their order.
    """
    begin, end = marks(device)
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page must have {begin!r} and after it {end!r}, once each")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{report.strip()}\n\n{end}{rest.partition(end)[2]}"
