"""Whole sheets to measure on, drawn from real logs of wells that nothing was learned from.

Committed are seeds, as for the frozen tracks (:mod:`veernet.study.frozen`): the same folder of LAS files gives the same sheets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from veernet.errors import OptionError, SourceMissingError
from veernet.sheets.manifest import Curve
from veernet.training.layout import SheetRecipe, sample_sheet
from veernet.training.real_log import RealLog
from veernet.training.sheet import DrawnSheet, draw_sheet

#: No seed of these is one of training, of validation or of the frozen tracks.
FIRST_SEED = 250_000_000
SCAN_LIKE, ROUGH = 0.3, 0.8

_LENGTH_FT = 200.0
#: Seeds to one sheet at most: most wells lack a curve, or have no stretch in which all are known.
_SEEDS_PER_SHEET = 60
#: Two curves that change sides this often in a sheet, and are so far apart on either, cross. Real porosities seldom do it more often.
_PORE_CROSSINGS, _CROSSINGS, _ASIDE = 2, 6, 0.02
#: What a strip shows above the top depth, and how far apart two curves of one style must be there.
_APRON_FT, _APART = 9.0, 0.03
_NAMELESS = ("ONE", "TWO")


@dataclass(frozen=True)
class SheetSet:
    """Sheets of one kind.

    Args:
        name: As the table calls it.
        difficulty: 0 for a clean print, 1 for ink nearly lost.
        warp: How far the paper is from flat.
        curves: A solid and a dashed curve a track, where the n-th sheet of every such set is the same log on the same print; or one track
            alone with two solid curves: porosities of real logs that change sides at least twice, or nameless curves of learned
            motions that do so at least six times.
    """

    name: str
    difficulty: float
    warp: float
    curves: Literal["mixed", "porosities", "motions"] = "mixed"


def sheet_sets(warp: float) -> list[SheetSet]:
    """The sets of the study: each noise on paper that is warped and flat, and two curves of one style."""
    papers = {"warped": warp, "flat": 0.0} if warp else {"flat": 0.0}
    mixed = [
        SheetSet(f"{noise}, {paper}", difficulty, bent)
        for noise, difficulty in (("scan-like", SCAN_LIKE), ("rough", ROUGH))
        for paper, bent in papers.items()
    ]
    return [
        *mixed,
        SheetSet("two solid porosities", SCAN_LIKE, warp, "porosities"),
        SheetSet("two solid curves crossing often", SCAN_LIKE, warp, "motions"),
    ]


def drawn_sheets(chosen: SheetSet, sheets: int, wells: Sequence[Path]) -> Iterator[DrawnSheet]:
    """So many sheets of a set, each a stretch of one of the wells in turn.

    Raises:
        SourceMissingError: The wells do not give that many.
    """
    if chosen.curves != "mixed":
        yield from islice((_porosity if chosen.curves == "porosities" else _motions)(chosen, wells), sheets)
        return
    drawn = 0
    for index in range(sheets * _SEEDS_PER_SHEET):
        if drawn == sheets:
            return
        try:
            well = wells[index % len(wells)]
            recipe = sample_sheet(FIRST_SEED + index, chosen.difficulty, _LENGTH_FT, well, chosen.warp)
        except OptionError:  # this well has no such stretch
            continue
        yield draw_sheet(recipe)
        drawn += 1
    if drawn < sheets:
        raise _too_few(wells, f"stretches for {drawn} of {sheets} sheets")


def _porosity(chosen: SheetSet, wells: Sequence[Path]) -> Iterator[DrawnSheet]:
    """Sheets of the stretches in which real porosities cross, one after the other and over again, each time printed otherwise."""
    stretches = [(well, top) for well in wells for top in crossing_stretches(RealLog.read(well))]
    if not stretches:
        raise _too_few(wells, "no stretch in which DPHI and NPHI cross")
    for index in count():
        well, top = stretches[index % len(stretches)]
        recipe = _alike(chosen, index)
        sheet = draw_sheet(replace(recipe, las=str(well), top_depth=top, base_depth=top + _LENGTH_FT))
        yield _second_track(sheet, sheet.manifest.tracks[1].curves)


def _motions(chosen: SheetSet, _wells: Sequence[Path]) -> Iterator[DrawnSheet]:
    """Sheets of learned motions on which the curves of the second track cross often, and do not at its top."""
    for index in count():
        sheet = draw_sheet(_alike(chosen, index))
        one, other = (
            (sheet.truth[curve.mnemonic] - curve.left) / (curve.right - curve.left)
            for curve in sheet.manifest.tracks[1].curves
        )
        apart = np.nan_to_num(one - other)
        if np.abs(apart[:20]).min() > 2 * _APART and _side_changes(apart) >= _CROSSINGS:
            yield _nameless(sheet, first_is_left=bool(apart[0] < 0))


def _alike(chosen: SheetSet, index: int) -> SheetRecipe:
    recipe = sample_sheet(FIRST_SEED + index, chosen.difficulty, _LENGTH_FT, None, chosen.warp)
    return replace(recipe, log_scale=False, alike=True)


def _second_track(sheet: DrawnSheet, curves: tuple[Curve, ...]) -> DrawnSheet:
    """The sheet, of which the second track alone is to be digitised."""
    track = sheet.manifest.tracks[1].model_copy(update={"curves": curves})
    return replace(sheet, manifest=sheet.manifest.model_copy(update={"tracks": (track,)}))


def _nameless(sheet: DrawnSheet, first_is_left: bool) -> DrawnSheet:
    """Its second track under names that tell nothing; the curve that is left at its top is named first, which is what the tracer falls back to."""
    curves = sheet.manifest.tracks[1].curves[:: 1 if first_is_left else -1]
    named = tuple(curve.model_copy(update={"mnemonic": name}) for curve, name in zip(curves, _NAMELESS, strict=True))
    truth = {name: sheet.truth[curve.mnemonic] for curve, name in zip(curves, _NAMELESS, strict=True)}
    return replace(_second_track(sheet, named), truth=truth)


def crossing_stretches(log: RealLog) -> list[float]:
    """Tops, ft, of the stretches of a log in which DPHI and NPHI cross, and above which the two are apart."""
    if not {"GR", "CALI", "DPHI", "NPHI"} <= log.fractions.keys():
        return []
    known = np.isfinite(log.fractions["DPHI"]) & np.isfinite(log.fractions["NPHI"])
    found = []
    for top in np.arange(50.0 * np.ceil(log.depths_ft[0] / 50.0 + 0.2), log.depths_ft[-1] - _LENGTH_FT, 50.0):
        if known[(log.depths_ft >= top - _APRON_FT) & (log.depths_ft <= top + _LENGTH_FT)].mean() < 0.98:
            continue
        depths = np.arange(top - _APRON_FT, top + _LENGTH_FT, 0.5)
        one, other = log.fraction("DPHI", depths), log.fraction("NPHI", depths)
        on_track = (np.abs(one - 0.5) <= 0.5) & (np.abs(other - 0.5) <= 0.5)
        apart = np.where(on_track, one - other, 0.0)
        in_apron = apart[depths <= top + 1.0]
        if np.abs(in_apron).min() > _APART and _side_changes(apart) >= _PORE_CROSSINGS:
            found.append(float(top))
    return found


def _side_changes(apart: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.diff(np.sign(apart[np.abs(apart) > _ASIDE]))))


def _too_few(wells: Sequence[Path], found: str) -> SourceMissingError:
    return SourceMissingError(f"{len(wells)} held-out LAS files", found, "ask for fewer sheets, or give more LAS files")
