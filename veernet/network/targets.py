"""What the network is asked at each pixel: the head, and how its answer becomes probabilities.

``multiclass`` is one softmax over background and the curves: a pixel belongs to one of them, so that the classes
compete and no tie is left to break. ``binary`` is a stack of independent sigmoids, one a curve: nothing stops two of
them from claiming one pixel. The body is the same.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from veernet.network.body import NO_HALO, Body, BodyConfig, Halo

Target = Literal["multiclass", "binary"]
TARGETS: tuple[Target, ...] = get_args(Target)


class Network(nn.Module):
    """A body with the head of one target.

    Args:
        config: What shapes the body.
        target: What is asked at each pixel.
        curves: Curves that can be told apart in one track, K.
    """

    def __init__(self, config: BodyConfig | None = None, target: Target = "multiclass", curves: int = 2) -> None:
        super().__init__()
        self.config = config or BodyConfig()
        self.target: Target = target
        self.curves = curves
        self.body = Body(self.config)
        outputs = curves + 1 if target == "multiclass" else curves
        self.head = nn.Sequential(nn.Conv2d(self.config.channels[0], 4 * outputs, 1), nn.PixelShuffle(2))

    def forward(self, x: Tensor, halo: Halo = NO_HALO) -> Tensor:
        """Logits, ``(n, 1, rows, width)`` in 0..1 to ``(n, outputs, rows less the halo, width)``.

        Outputs are background and the K curves for ``multiclass``, the K curves for ``binary``; ``halo`` as the body has it.
        """
        logits: Tensor = self.head(self.body(x, halo))
        return logits

    def probabilities(self, logits: Tensor) -> Tensor:
        """Each curve's probability at each pixel, ``(n, K, rows, width)`` in 0..1.

        Binary tie-break, stated: where several masks claim a pixel (sum over 1), they share it in proportion, so that
        what is served never claims a pixel twice.
        """
        if self.target == "multiclass":
            return torch.softmax(logits, dim=1)[:, 1:]
        masks = torch.sigmoid(logits)
        return masks / masks.sum(dim=1, keepdim=True).clamp(min=1.0)

    def claims(self, logits: Tensor) -> Tensor:
        """The pixels that each curve claims, bool ``(n, K, rows, width)``, before any tie is broken.

        For ``multiclass`` the winner among the classes, so that no pixel is claimed twice; for ``binary`` every mask
        that is above one half.
        """
        if self.target == "multiclass":
            winner = logits.argmax(dim=1, keepdim=True)
            return winner == torch.arange(1, self.curves + 1, device=logits.device)[None, :, None, None]
        return logits > 0.0
