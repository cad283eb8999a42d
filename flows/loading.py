"""The model of a run, which one worker loads while others read the first sheets."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tasks.compute import describe_model
from tasks.workers import result_of, submit_inference

#: What the workers say of their model: its digest, device and precision.
Model = dict[str, str]


def loading(weights: str | None, told: Callable[[Model], None]) -> Callable[[], Model]:
    """Let the workers load the model; whoever needs it calls what comes back, and waits there.

    Args:
        weights: Weights file, as the workers see it; the shipped one unless given.
        told: Is given what they say before anybody else has it; what it raises, everybody gets who asks.

    Raises:
        WeightsError: To who asks: the weights cannot be used.
    """
    future = submit_inference(describe_model, weights)
    known: list[Model] = []
    one_at_a_time = threading.Lock()

    def model() -> Model:
        with one_at_a_time:
            if not known:
                said = result_of(future)
                told(said)
                known.append(said)
            return known[0]

    return model
