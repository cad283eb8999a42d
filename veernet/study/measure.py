"""What a network is worth on the frozen tracks: its class maps pixel by pixel, and what the tracer makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from veernet.curves.trace import trace_track
from veernet.network.precision import computing_in
from veernet.network.targets import Network
from veernet.sheets.manifest import Curve
from veernet.study.frozen import TestTrack
from veernet.training.draw import FloatArray
from veernet.training.recipe import Stroke
from veernet.training.score import Tally

TOLERANCES_PX = (0, 1, 2)
ByteArray = NDArray[np.uint8]


class TraceTally:
    """Counts how well traces agree with what was drawn, over every row at which a curve is on its track."""

    def __init__(self) -> None:
        self._rows = self._traced = self._close = self._wrong = 0
        self._error = 0.0

    def add(self, got: NDArray[np.float32], truth: FloatArray, wrap: bool) -> None:
        """Count one curve of one track, track fractions at its rows; turns of a wrapping curve are left aside."""
        known = np.ones(truth.size, bool) if wrap else np.abs(truth - 0.5) <= 0.5
        error = np.abs(got - truth)[known]
        if wrap:
            error = np.abs(error - np.round(error))
        traced = error[np.isfinite(error)]
        self._rows += error.size
        self._traced += traced.size
        self._error += float(traced.sum())
        self._close += int(np.count_nonzero(traced <= 0.01))
        self._wrong += int(np.count_nonzero(traced > 0.03))

    def scores(self) -> dict[str, float]:
        """Coverage, mean error in track widths, and the shares of all rows within 1 % and wrong by more than 3 %."""
        rows = max(self._rows, 1)
        return {
            "coverage": self._traced / rows,
            "mean_error": self._error / max(self._traced, 1),
            "within_1": self._close / rows,
            "wrong_3": self._wrong / rows,
        }


def measure(network: Network, tracks: Iterable[TestTrack]) -> dict[str, Any]:
    """Score a network in inference mode.

    Returns:
        ``classes`` and ``crossings``: for each curve its ``precision``, ``recall``, ``f1`` and ``iou``, lists by tolerance (0,
        1, 2 px); ``claimed_twice``: the share of claimed pixels that several masks claim; ``trace``: see :class:`TraceTally`.
    """
    everywhere, crossings = (Tally(network.curves, TOLERANCES_PX, crossings=alone) for alone in (False, True))
    traces = TraceTally()
    claimed = twice = 0
    for track in tracks:
        claims, served = read_track(network, track.instance.image)
        everywhere.add(claims, track.instance.label)
        crossings.add(claims, track.instance.label)
        times = claims.sum(axis=0)
        claimed += int(np.count_nonzero(times))
        twice += int(np.count_nonzero(times > 1))
        for stroke, got, truth in _traced(track, served):
            traces.add(got, truth, stroke.off_scale == "wrap")
    return {
        "classes": _by_curve(everywhere, network.curves),
        "crossings": _by_curve(crossings, network.curves),
        "claimed_twice": twice / max(claimed, 1),
        "trace": traces.scores(),
    }


def read_track(network: Network, image: ByteArray) -> tuple[NDArray[np.bool_], ByteArray]:
    """What a network claims of a strip, bool ``(K, rows, 512)``, and the class map that it serves, uint8 of that shape."""
    device = next(network.parameters()).device
    x = torch.from_numpy(image).to(device)[None, None].float() / 255.0
    with torch.inference_mode(), computing_in("auto", device):
        logits = network(x.contiguous(memory_format=torch.channels_last)).float()
    served = (network.probabilities(logits)[0] * 255.0).round().to(torch.uint8)
    return network.claims(logits)[0].cpu().numpy(), served.cpu().numpy()


def _traced(track: TestTrack, served: ByteArray) -> list[tuple[Stroke, NDArray[np.float32], FloatArray]]:
    """Each curve of a track with its trace and its truth.

    Of two curves of one style a manifest names the left one first: here the truth that is left at the top.
    """
    drawn = list(zip(track.recipe.strokes, track.truth, strict=True))
    if len({stroke.style for stroke, _ in drawn}) < len(drawn):
        drawn.sort(key=lambda curve: float(curve[1][0]))
    curves = [
        # A scale about zero: nothing tells on which turns its values cannot be.
        Curve(mnemonic=f"C{index}", style=_style(stroke), left=-1.0, right=1.0, wrap=stroke.off_scale == "wrap")
        for index, (stroke, _) in enumerate(drawn, start=1)
    ]
    traces = trace_track([served], curves)
    return [(stroke, trace.fraction, truth) for (stroke, truth), trace in zip(drawn, traces, strict=True)]


def _style(stroke: Stroke) -> Literal["solid", "dashed", "dotted"]:
    assert stroke.style != "chained"  # of two curves none is
    return stroke.style


def _by_curve(tally: Tally, curves: int) -> list[dict[str, list[float]]]:
    by_tolerance = [tally.scores(tolerance) for tolerance in TOLERANCES_PX]
    return [
        {
            name: [float(getattr(scores[curve], name)) for scores in by_tolerance]
            for name in ("precision", "recall", "f1", "iou")
        }
        for curve in range(curves)
    ]
