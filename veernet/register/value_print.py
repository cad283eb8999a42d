"""What the print of a value at an edge says for a number, however that is written and shown."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from veernet.register.edge_readings import SHOWN, Number
from veernet.register.numbers import CHARACTERS, as_number, best_text, log_chance
from veernet.register.text import Line

Floats = NDArray[np.float64]

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


@dataclass(frozen=True)
class NumberPrint:
    """The print of a value, as it is asked for the chances of many numbers.

    Args:
        readings: Chances of the reader's characters along it, each ``(n, 96)``, in every way in which it was read.
        times: How many times side by side it was shown to the reader, if more than once a lone digit.
        minus: Whether a minus stands before what was read.
    """

    readings: tuple[NDArray[np.float32], ...]
    times: int
    minus: bool

    @classmethod
    def of(cls, line: Line) -> NumberPrint:
        """That of a line."""
        if isinstance(line, Number):
            return cls(line.readings, SHOWN if line.lone else 1, line.minus)
        return cls((line.steps,), 1, False)

    @cached_property
    def as_numbers(self) -> list[Floats]:
        """Logarithms of the chances of what numbers are made of, of each reading."""
        return [as_number(steps.astype(np.float64)) for steps in self.readings]

    @cached_property
    def less_surely(self) -> list[Floats]:
        """The same, but that no reader is ever as sure as that, and a point may be dirt."""
        found = []
        for logs in self.as_numbers:
            chances = np.exp(logs)
            chances[:, 0] += _SPECK * chances[:, CHARACTERS.index(".") + 1]
            found.append(np.log(chances * (1 - chances.shape[-1] * _LEAST) + _LEAST))
        return found

    def chance(self, value: float) -> float:
        """Logarithm of its chance if it is a value, however that is written; several readings count as one."""
        found = self._chances(abs(value) if self.minus else value)
        return (_NO_MINUS if self.minus and value >= 0 else 0.0) + math.fsum(found) / len(found)

    def says(self, value: float) -> bool:
        """Whether a reading of it may well be a value: one that only fits a usual scale best is a guess."""
        if self.minus and value >= 0:
            return False
        found = self._chances(abs(value) if self.minus else value)
        return any(chance >= best - _MAY_BE for chance, best in zip(found, self._best_chances(), strict=True))

    def _best_chances(self) -> list[float]:
        """Logarithm of the chance of what each reading most likely says."""
        if self.times == 1:
            return [math.log(max(best_text(logs)[1], 1e-300)) for logs in self.as_numbers]
        digits = [self.times * digit for digit in CHARACTERS[:10]]
        return [max(float(log_chance(logs[None], [digit])[0]) for digit in digits) for logs in self.as_numbers]

    def _chances(self, value: float) -> list[float]:
        """The same for a value, of each reading."""
        forms = written(value)
        if self.times > 1:
            forms = [self.times * form for form in forms if len(form) == 1]
            if not forms:
                return [len(written(value)[0]) * math.log(_LEAST)] * len(self.readings)
        pointless = [form.replace(".", "") for form in forms if re.match(r"-?0\.", form)] if self.times == 1 else []
        found = []
        for logs in self.less_surely:
            chances = log_chance(
                np.broadcast_to(logs, (len(forms) + len(pointless), *logs.shape)), [*forms, *pointless]
            )
            chances[len(forms) :] += _LOST_POINT
            found.append(float(np.max(chances)))
        return found


def written(value: float) -> list[str]:
    """A value as scale blocks have it: with as few digits as it takes, with more decimals, or filled up to six characters."""
    plain = np.format_float_positional(value, trim="-")
    forms = [f"{value:.4f}"[:6], f"{value:.1f}", f"{value:.2f}", f"{value:.3f}", f"{value:.4f}"]
    near = [plain, *(form for form in forms if math.isclose(float(form), value, abs_tol=1e-9))]
    near.append(plain.replace("0.", ".", 1) if 0 < abs(value) < 1 else plain if "." in plain else plain + ".")
    return list(dict.fromkeys(near))
