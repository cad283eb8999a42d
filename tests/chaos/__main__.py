"""``make chaos``: the campaign, or with ``--series`` the single kills, from the command line; ends with 0 only when nothing is wrong."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chaos.campaign import Outcome, begin, mixed, series
from chaos.killing import ways_of
from chaos.world import VICTIMS, World

_WIDTH = 200
_console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all that is random")
    parser.add_argument("--sheets", type=int, help="of the archive; 200, or 30 for the series, unless given")
    parser.add_argument("--bad", type=int, help="how many of them are bad; three in ten unless given")
    parser.add_argument("--kills", type=int, help="how many in all; one for eight sheets unless given")
    parser.add_argument(
        "--series", action="store_true", help="kill one process a run instead, of one kind after the other"
    )
    parser.add_argument("--rounds", type=int, default=10, help="runs of each kind in the series")
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=VICTIMS, help="kinds of the series")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/chaos"), help="for all that is written; emptied first"
    )
    asked = parser.parse_args()
    asked.sheets = asked.sheets or (30 if asked.series else 200)
    asked.bad = asked.sheets * 3 // 10 if asked.bad is None else asked.bad
    asked.kills = max(2, asked.sheets // 8) if asked.kills is None else asked.kills
    return asked


_FAULTS = ("lost", "wrong", "reasons", "litter", "twice", "leaked")


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(title=f"{', '.join(_FAULTS)} and hung must be 0", title_justify="left")
    for column in ("run", "killed"):
        table.add_column(column)
    for column in ("commands", "seconds", "done", "set aside", *_FAULTS, "hung", "put again", "asked again"):
        table.add_column(column, justify="right")
    for outcome in outcomes:
        told, verdict = outcome.disturbed, outcome.verdict
        killed = ", ".join(f"{count} {victim}" for victim, count in ways_of(told) if count)
        counts = [len(told.ends), round(told.seconds), verdict.done, verdict.set_aside]
        counts += [len(getattr(verdict, fault)) for fault in _FAULTS]
        counts += [told.hung, outcome.put_again, outcome.asked_again]
        table.add_row(outcome.name, killed, *map(str, counts))
    return table


def main() -> int:
    """Run it, print and write what came of it."""
    asked = _arguments()
    folder = (asked.folder / f"{'series' if asked.series else 'seed'}-{asked.seed}").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    began_s = time.monotonic()

    def say(text: str) -> None:
        _console.print(f"{time.monotonic() - began_s:6.0f} s  {text}", markup=False)

    say(f"seed {asked.seed}; everything is written to {folder}")
    with World(folder) as world:
        campaign = begin(world, asked.seed, asked.sheets, asked.bad, say)
        if asked.series:
            outcomes = [one for victim in asked.victims for one in series(campaign, victim, asked.rounds, say)]
        else:
            outcomes = [mixed(campaign, asked.kills)]
    good = all(outcome.good for outcome in outcomes)
    summary = {
        "command": " ".join(["python -m chaos", *sys.argv[1:]]),
        "seed": asked.seed,
        "sheets": asked.sheets,
        "bad": asked.bad,
        "undisturbed_s": round(campaign.undisturbed_s, 1),
        "seconds": round(time.monotonic() - began_s, 1),
        "good": good,
        "runs": [outcome.told() for outcome in outcomes],
        "expected": [one.told() for one in campaign.expected],
    }
    (folder / "summary.json").write_text(json.dumps(summary, indent=1))
    _console.print(_table(outcomes))
    for outcome in outcomes:
        for fault in _FAULTS:
            for what in getattr(outcome.verdict, fault):
                _console.print(f"{outcome.name}: {fault}: {what}", markup=False)
    say(f"{'all is as it must be' if good else 'NOT as it must be'}; the whole of it is in {folder / 'summary.json'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
