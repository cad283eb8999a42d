"""Plots as small SVG files, for a page of documentation: lines with points, two axes, a legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.results import Plot

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 160, 36, 48
COLOURS = ("#1f5fa8", "#c4461c", "#2c7a3f", "#7a3f9d", "#8a6d00", "#50606c")
MOST_POINTS = 160
_TICKS = 5


def svg(plot: Plot) -> str:
    """The plot; both axes begin at 0, so that lengths can be compared by eye."""
    points = [point for series in plot.series.values() for point in series]
    x_ticks, y_ticks = (_ticks(max((point[axis] for point in points), default=1.0)) for axis in (0, 1))
    right, base = WIDTH - RIGHT, HEIGHT - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + (right - LEFT) * x / x_ticks[-1], base - (base - TOP) * y / y_ticks[-1]

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 20, plot.title, "start", ' font-size="14"'),
    ]
    for tick in x_ticks:
        x, _ = at(tick, 0)
        parts += [_line((x, base), (x, base + 4), "#444"), _text(x, base + 18, _number(tick), "middle")]
    for tick in y_ticks:
        _, y = at(0, tick)
        parts += [_line((LEFT, y), (right, y), "#ddd"), _text(LEFT - 6, y + 4, _number(tick), "end")]
    parts += [_line((LEFT, base), (right, base), "#444"), _text((LEFT + right) / 2, HEIGHT - 10, plot.x, "middle")]
    parts.append(_text(LEFT - 6, TOP - 6, plot.y, "end"))
    for number, (name, series) in enumerate(plot.series.items()):
        parts += _series([at(*point) for point in _thinned(series)], name, number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _series(points: Sequence[tuple[float, float]], name: str, number: int) -> Iterator[str]:
    colour, y = COLOURS[number % len(COLOURS)], TOP + 12 + 18 * number
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    if len(points) <= MOST_POINTS // 8:
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    begin = WIDTH - RIGHT + 12
    yield _line((begin, y - 4), (begin + 16, y - 4), colour, 2)
    yield _text(begin + 22, y, name, "start")


def _thinned(series: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """So many points that a line still looks like one, the last among them."""
    step = math.ceil(len(series) / MOST_POINTS) or 1
    kept = list(series[::step])
    return kept if not series or kept[-1] == series[-1] else [*kept, series[-1]]


def _ticks(largest: float) -> list[float]:
    """Even numbers from 0 to the largest or just beyond."""
    rough = (largest or 1.0) / _TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    return [step * index for index in range(math.ceil(largest / step - 1e-9) + 1 if largest else 2)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _line(start: tuple[float, float], end: tuple[float, float], colour: str, width: int = 1) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#222"{more}>{escape(text)}</text>'
