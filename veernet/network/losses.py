"""Losses over logits ``(n, outputs, rows, width)`` and labels ``(n, rows, width)``, by name, alone or summed.

``weighted-bce`` is for the binary stack, all others are for the softmax. A number after a colon sets a loss's one
parameter: ``weighted-bce:42``, ``tversky:0.7``, ``focal:2``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from kornia.losses import focal_loss, lovasz_softmax_loss
from torch import Tensor
from torch.nn import functional

from veernet.errors import OptionError
from veernet.network.targets import Target

Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Softmax cross-entropy, the mean over pixels."""
    return functional.cross_entropy(logits, labels)


def tversky(logits: Tensor, labels: Tensor, missed: float = 0.7) -> Tensor:
    """One minus the Tversky index of each curve class over the batch (Salehi et al. 2017, arXiv:1706.05721).

    Over the batch, because many an instance lacks one of the classes; without the background, which is nearly all
    of every instance. ``missed`` is the weight of what was missed; what was claimed wrongly has the rest.
    """
    probabilities = torch.softmax(logits, dim=1)[:, 1:]
    truth = functional.one_hot(labels, logits.shape[1]).permute(0, 3, 1, 2)[:, 1:].to(probabilities.dtype)
    overlap = (probabilities * truth).sum(dim=(0, 2, 3))
    total = (1.0 - missed) * probabilities.sum(dim=(0, 2, 3)) + missed * truth.sum(dim=(0, 2, 3))
    return (1.0 - (overlap + 0.5) / (total + 0.5)).mean()


def dice(logits: Tensor, labels: Tensor) -> Tensor:
    """One minus the soft Dice coefficient of each curve class over the batch (Milletari et al. 2016, arXiv:1606.04797)."""
    return tversky(logits, labels, missed=0.5)


def focal(logits: Tensor, labels: Tensor, gamma: float = 2.0) -> Tensor:
    """Focal loss (Lin et al. 2017, arXiv:1708.02002), the mean over pixels."""
    return logits.shape[1] * focal_loss(logits, labels, alpha=None, gamma=gamma, reduction="mean")


def lovasz(logits: Tensor, labels: Tensor) -> Tensor:
    """Lovász-softmax, a surrogate of the mean IoU (Berman et al. 2018, arXiv:1705.08790)."""
    return lovasz_softmax_loss(logits, labels)


def weighted_bce(logits: Tensor, labels: Tensor, positive_weight: float = 42.0) -> Tensor:
    """Sigmoid cross-entropy of K independent masks, a curve pixel counting ``positive_weight`` times."""
    truth = functional.one_hot(labels, logits.shape[1] + 1).permute(0, 3, 1, 2)[:, 1:].to(logits.dtype)
    return functional.binary_cross_entropy_with_logits(
        logits, truth, pos_weight=torch.tensor(positive_weight, device=logits.device)
    )


class _Named(NamedTuple):
    loss: Callable[..., Tensor]
    target: Target
    parameter: str | None = None


_NAMED: dict[str, _Named] = {
    "cross-entropy": _Named(cross_entropy, "multiclass"),
    "dice": _Named(dice, "multiclass"),
    "tversky": _Named(tversky, "multiclass", "missed"),
    "focal": _Named(focal, "multiclass", "gamma"),
    "lovasz": _Named(lovasz, "multiclass"),
    "weighted-bce": _Named(weighted_bce, "binary", "positive_weight"),
}
LOSSES = tuple(_NAMED)


def loss_by_name(names: str, target: Target) -> Loss:
    """The sum of losses joined by ``+``, such as ``cross-entropy+tversky:0.7``.

    Raises:
        OptionError: One of the names is not a loss, is not for this target, or has a number that it cannot use.
    """
    parts = [_part(name, target) for name in names.split("+")]
    return lambda logits, labels: torch.stack([part(logits, labels) for part in parts]).sum()


def _part(text: str, target: Target) -> Loss:
    name, _, value = text.strip().partition(":")
    if name not in _NAMED:
        raise OptionError(f"loss {name!r}", "no such loss", f"choose from {', '.join(LOSSES)}")
    named = _NAMED[name]
    if named.target != target:
        fitting = ", ".join(other for other in LOSSES if _NAMED[other].target == target)
        raise OptionError(f"loss {name!r}", f"it is not for the {target} target", f"choose from {fitting}")
    if not value:
        return named.loss
    try:
        if named.parameter is None:
            raise ValueError
        return partial(named.loss, **{named.parameter: float(value)})
    except ValueError as error:
        raise OptionError(f"loss {text!r}", f"{value!r} is no parameter of it", "leave out the colon") from error
