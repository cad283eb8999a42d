"""Losses over logits ``(n, outputs, rows, width)`` and labels ``(n, rows, width)``, by name."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from veernet.errors import OptionError

Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Softmax cross-entropy, the mean over pixels."""
    return functional.cross_entropy(logits, labels)


def dice(logits: Tensor, labels: Tensor) -> Tensor:
    """One minus the soft Dice coefficient of each curve class over the batch (Milletari et al. 2016, arXiv:1606.04797)."""
    probabilities = torch.softmax(logits, dim=1)[:, 1:]
    truth = functional.one_hot(labels, logits.shape[1]).permute(0, 3, 1, 2)[:, 1:].to(probabilities.dtype)
    overlap = (probabilities * truth).sum(dim=(0, 2, 3))
    total = probabilities.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))
    return (1.0 - (2.0 * overlap + 1.0) / (total + 1.0)).mean()


def weighted_bce(logits: Tensor, labels: Tensor, positive_weight: float = 42.0) -> Tensor:
    """Sigmoid cross-entropy of K independent masks, a curve pixel counting ``positive_weight`` times."""
    truth = functional.one_hot(labels, logits.shape[1] + 1).permute(0, 3, 1, 2)[:, 1:].to(logits.dtype)
    return functional.binary_cross_entropy_with_logits(
        logits, truth, pos_weight=torch.tensor(positive_weight, device=logits.device)
    )


LOSSES: dict[str, Loss] = {"cross-entropy": cross_entropy, "dice": dice, "weighted-bce": weighted_bce}


def loss_by_name(names: str) -> Loss:
    """The sum of losses joined by ``+``, such as ``cross-entropy+dice``.

    Raises:
        OptionError: One of the names is not a loss.
    """
    parts = []
    for name in names.split("+"):
        if name not in LOSSES:
            raise OptionError(f"loss {name!r}", "no such loss", f"choose from {', '.join(LOSSES)}")
        parts.append(LOSSES[name])
    return lambda logits, labels: torch.stack([part(logits, labels) for part in parts]).sum()
