"""What the print of a value at an edge says for a number, however that is written and shown."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from veernet.register.edge_readings import SHOWN, Number
from veernet.register.numbers import CHARACTERS, as_number, best_text, log_chance
from veernet.register.text import Line

_LEAST = 0.0015
"""Chance of any character of a number anywhere."""
_SPECK = 0.05
"""Chance that a point is dirt."""
_LOST_POINT = math.log(0.05)
"""For a nought and digits without a point between them, which are no number otherwise."""
_NO_MINUS = math.log(0.01)
"""For a flat piece before a number that is no minus."""
_MAY_BE = 4.0
"""Nats that a value may be less likely than what its print most likely says."""


def best_number(line: Line) -> float:
    """The likeliest number of a line, whatever it is; one that begins as only those do that have a point has lost it."""
    return float(re.sub(r"^(-?0)(?=\d+$)", r"\1.", line.text))


def number_chance(line: Line, value: float) -> float:
    """Logarithm of the chance of a line's print if it is a value, however that is written; several readings count as one."""
    readings, times, minus = _as_read(line)
    found = [_chance_of(steps, abs(value) if minus else value, times) for steps in readings]
    return (_NO_MINUS if minus and value >= 0 else 0.0) + math.fsum(found) / len(found)


def says(line: Line, value: float) -> bool:
    """Whether a reading of a line may well be a value: one that only fits a usual scale best is a guess."""
    readings, times, minus = _as_read(line)
    if minus and value >= 0:
        return False
    value = abs(value) if minus else value
    return any(_chance_of(steps, value, times) >= _best_chance(steps, times) - _MAY_BE for steps in readings)


def _as_read(line: Line) -> tuple[tuple[NDArray[np.float32], ...], int, bool]:
    """A line's readings, how many times side by side it was shown in them, and whether they are without a minus that it has."""
    if isinstance(line, Number):
        return line.readings, SHOWN if line.lone else 1, line.minus
    return (line.steps,), 1, False


def _best_chance(steps: NDArray[np.float32], times: int) -> float:
    """Logarithm of the chance of what a reading most likely says."""
    logs = as_number(steps.astype(np.float64))
    if times == 1:
        return math.log(max(best_text(logs)[1], 1e-300))
    return max(float(log_chance(logs[None], [times * digit])[0]) for digit in CHARACTERS[:10])


def _chance_of(steps: NDArray[np.float32], value: float, times: int) -> float:
    """The same for one reading of what was shown so many times side by side, if more than once a lone digit."""
    chances = np.exp(as_number(steps.astype(np.float64)))
    chances[:, 0] += _SPECK * chances[:, CHARACTERS.index(".") + 1]
    logs = np.log(chances * (1 - chances.shape[-1] * _LEAST) + _LEAST)
    forms = written(value)
    if times > 1:
        forms = [times * form for form in forms if len(form) == 1]
        if not forms:
            return len(written(value)[0]) * math.log(_LEAST)
    pointless = [form.replace(".", "") for form in forms if re.match(r"-?0\.", form)] if times == 1 else []
    found = log_chance(np.broadcast_to(logs, (len(forms) + len(pointless), *logs.shape)), [*forms, *pointless])
    found[len(forms) :] += _LOST_POINT
    return float(np.max(found))


def written(value: float) -> list[str]:
    """A value as scale blocks have it: with as few digits as it takes, with more decimals, or filled up to six characters."""
    plain = np.format_float_positional(value, trim="-")
    forms = [f"{value:.4f}"[:6], f"{value:.1f}", f"{value:.2f}", f"{value:.3f}", f"{value:.4f}"]
    near = [plain, *(form for form in forms if math.isclose(float(form), value, abs_tol=1e-9))]
    near.append(plain.replace("0.", ".", 1) if 0 < abs(value) < 1 else plain if "." in plain else plain + ".")
    return list(dict.fromkeys(near))
