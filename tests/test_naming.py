"""Two curves of one style are named by what their names are usually like, and in doubt where that says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.curves.identity import Trace
from veernet.curves.naming import name_alike
from veernet.sheets.manifest import Curve

ROWS = 2000


def trace(level: float, restless: float, seed: int) -> Trace:
    """A course about a level of the track."""
    noise = np.random.default_rng(seed).normal(size=ROWS // 8)
    rows = np.interp(np.arange(ROWS), 8 * np.arange(noise.size), noise)
    return Trace((level + restless * rows).astype(np.float32), np.ones(ROWS, np.float32))


def curve(mnemonic: str, left: float, right: float) -> Curve:
    """A solid one."""
    return Curve(mnemonic=mnemonic, unit="", style="solid", left=left, right=right)


def named(first: Trace, second: Trace, *curves: Curve) -> list[int]:
    """The traces in the order of the curves, by number."""
    return [int(one.fraction is second.fraction) for one in name_alike([first, second], curves)]


CALM, RESTLESS = trace(0.3, 0.001, 1), trace(0.35, 0.03, 2)
HIGH, LOW = trace(0.3, 0.02, 3), trace(0.6, 0.02, 4)  # of porosities, which are read from the right


@pytest.mark.parametrize("caliper", [curve("CALI", 125, 375), curve("CAL", 6, 16), curve("HCAL", 6, 16)])
def test_the_curve_that_hardly_moves_is_the_caliper(caliper: Curve) -> None:
    """Whatever its unit, and wherever the manifest names it."""
    gamma = curve("GR", 0, 150)
    assert named(CALM, RESTLESS, caliper, gamma) == [0, 1]
    assert named(RESTLESS, CALM, caliper, gamma) == [1, 0]
    assert named(CALM, RESTLESS, gamma, caliper) == [1, 0]


@pytest.mark.parametrize(("left", "right"), [(0.6, 0.0), (60, 0), (0.45, -0.15)])
def test_the_porosity_that_reads_more_is_neutron(left: float, right: float) -> None:
    """As it does in shale; percent or fractions."""
    density, neutron = curve("DPHI", left, right), curve("NPHI", left, right)
    assert named(HIGH, LOW, density, neutron) == [1, 0]
    assert named(LOW, HIGH, density, neutron) == [0, 1]


@pytest.mark.parametrize(("left", "right"), [(1.95, 2.95), (1950, 2950), (2.0, 3.0)])
def test_bulk_density_is_known_by_the_porosity_that_it_stands_for(left: float, right: float) -> None:
    """On the same edges neutron porosity is the one further left, as it is beside density porosity; g/cm3 or kg/m3."""
    density, neutron = curve("RHOB", left, right), curve("NPHI", 0.45, -0.15)
    assert named(HIGH, LOW, density, neutron) == [1, 0]
    assert named(LOW, HIGH, density, neutron) == [0, 1]


def test_names_that_say_nothing_leave_the_order_and_are_in_doubt() -> None:
    """Confidence is halved, and the record tells why."""
    for curves in ((curve("ONE", 0, 1), curve("TWO", 0, 1)), (curve("GR", 0, 150), curve("GRD", 0, 150))):
        found = name_alike([CALM, RESTLESS], curves)
        assert [one.fraction is two.fraction for one, two in zip(found, (CALM, RESTLESS), strict=True)] == [True, True]
        for one in found:
            assert one.confidence.max() <= 0.5
            assert [(0, ROWS)] == [(doubt.first_row, doubt.end_row) for doubt in one.doubts]


def test_what_is_named_by_character_is_never_quite_sure() -> None:
    """Other basins have other rocks."""
    found = name_alike([CALM, RESTLESS], [curve("CALI", 125, 375), curve("GR", 0, 150)])
    assert all(0.9 <= one.confidence.max() <= 0.95 for one in found)
    assert not any(one.doubts for one in found)


def test_a_track_with_next_to_nothing_on_it_names_nothing() -> None:
    """A hundred rows are no character."""
    blank: NDArray[np.float32] = np.full(ROWS, np.nan, np.float32)
    blank[:100] = 0.4
    found = name_alike([Trace(blank, np.ones(ROWS, np.float32)), CALM], [curve("GR", 0, 150), curve("CALI", 125, 375)])
    assert found[0].fraction is blank
    assert found[0].confidence.max() <= 0.5
