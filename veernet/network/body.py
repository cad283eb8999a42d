"""The body of the network: an encoder-decoder with attention at its bottleneck.

Convolutions see a stroke; only attention sees the track. At one sixteenth of the strip's resolution every token attends to
the whole width of the track over a window of depth (Swin's shifted windows, Liu et al. 2021, arXiv:2103.14030, here cut
along the depth axis alone), so that a dash can know of the solid curve it is not. Everything else is a U-Net
(Ronneberger et al. 2015, arXiv:1505.04597) that starts at half resolution and adds its skips rather than stacking
them, which keeps it under 25 GFLOP per megapixel.

Every operation is local in depth with a known reach, and windows lie on a fixed grid of ``ROW_ALIGN`` rows. A tile that
starts on that grid and carries ``HALO`` rows more on either side therefore gives what the whole strip would have given. Each stage
works on as much of the halo as the stages after it look at: all of it at the top of the body, a window before attention, a token before the decoders.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from veernet.network.tiles import ROW_ALIGN

#: Rows of a strip that are a tile's halo, at its top and at its end.
Halo = tuple[int, int]
NO_HALO: Halo = (0, 0)

_TOKEN_PX = 16  # and the decoders look 14 px beyond
_WINDOW_ROWS = ROW_ALIGN // _TOKEN_PX


@dataclass(frozen=True)
class BodyConfig:
    """What shapes the body.

    Args:
        width: Columns of a strip in px; attention spans all of them.
        channels: Channels at 1/2, 1/4, 1/8 and 1/16 of the strip's resolution.
        heads: Attention heads.
    """

    width: int = 512
    channels: tuple[int, int, int, int] = (16, 48, 96, 128)
    heads: int = 4

    def __post_init__(self) -> None:
        sizes = (self.width, self.heads, *self.channels)
        whole = len(self.channels) == 4 and all(type(size) is int and size > 0 for size in sizes)
        if not whole or self.width % _TOKEN_PX or self.channels[-1] % self.heads:
            raise ValueError(f"no network can be made of {self}")

    def to_json(self) -> dict[str, object]:
        """The configuration as plain values, for the header of a weights file."""
        return asdict(self)


class ConvBlock(nn.Sequential):
    """3 x 3 convolution, batch norm, ReLU; batch norm because it is local in depth once trained, and folds away."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class WindowAttention(nn.Module):
    """One transformer block over windows of ``ROW_ALIGN`` rows by the whole width.

    Args:
        dim: Channels of a token.
        columns: Tokens across the strip.
        heads: Attention heads.
        shift_rows: Token rows by which the grid of windows is shifted.
    """

    def __init__(self, dim: int, columns: int, heads: int, shift_rows: int) -> None:
        super().__init__()
        self.heads = heads
        self.shift_rows = shift_rows
        self.position = nn.Parameter(torch.zeros(_WINDOW_ROWS * columns, dim))
        nn.init.trunc_normal_(self.position, std=0.02)
        self.norm_attention = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.project = nn.Linear(dim, dim)
        self.norm_mlp = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        """Attend within windows: ``(n, dim, rows, columns)`` to the same, ``rows`` a multiple of the window's."""
        n, dim, rows, columns = x.shape
        tokens = x.permute(0, 2, 3, 1)
        if self.shift_rows:
            tokens = nn.functional.pad(tokens, (0, 0, 0, 0, self.shift_rows, _WINDOW_ROWS - self.shift_rows))
        windows = tokens.reshape(-1, _WINDOW_ROWS * columns, dim)
        windows = windows + self._attend(self.norm_attention(windows + self.position))
        windows = windows + self.mlp(self.norm_mlp(windows))
        tokens = windows.reshape(n, -1, columns, dim)[:, self.shift_rows : self.shift_rows + rows]
        return tokens.permute(0, 3, 1, 2)

    def _attend(self, tokens: Tensor) -> Tensor:
        count, length, dim = tokens.shape
        qkv = self.qkv(tokens).reshape(count, length, 3, self.heads, dim // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.project(mixed.transpose(1, 2).reshape(count, length, dim))


class Body(nn.Module):
    """Strips to features at half resolution: ``(n, 1, rows, width)`` in 0..1 to ``(n, channels[0], rows/2, width/2)``."""

    def __init__(self, config: BodyConfig) -> None:
        super().__init__()
        c0, c1, c2, c3 = config.channels
        columns = config.width // _TOKEN_PX
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), ConvBlock(4, c0), ConvBlock(c0, c0))
        self.encoders = nn.ModuleList(
            [
                nn.Sequential(ConvBlock(c0, c1, stride=2), ConvBlock(c1, c1)),
                nn.Sequential(ConvBlock(c1, c2, stride=2), ConvBlock(c2, c2), ConvBlock(c2, c2)),
                nn.Sequential(ConvBlock(c2, c3, stride=2), ConvBlock(c3, c3)),
            ]
        )
        self.bottleneck = nn.Sequential(
            WindowAttention(c3, columns, config.heads, shift_rows=0),
            WindowAttention(c3, columns, config.heads, shift_rows=_WINDOW_ROWS // 2),
        )
        self.laterals = nn.ModuleList([nn.Conv2d(low, high, 1) for high, low in pairwise(config.channels)][::-1])
        self.decoders = nn.ModuleList([ConvBlock(c, c) for c in config.channels[-2::-1]])

    def forward(self, x: Tensor, halo: Halo = NO_HALO) -> Tensor:
        """Run the body over rows of which some at the top and at the end are a halo: looked at, and not in what is given.

        ``halo`` has ``HALO`` rows or none at either; the other rows must be a multiple of ``ROW_ALIGN``.
        """
        attended: Halo = (min(halo[0], ROW_ALIGN), min(halo[1], ROW_ALIGN))
        decoded: Halo = (min(halo[0], _TOKEN_PX), min(halo[1], _TOKEN_PX))
        skips = [self.stem(x)]
        for encoder in self.encoders:
            skips.append(encoder(skips[-1]))
        features: Tensor = self.bottleneck(_within(skips.pop(), halo, attended, _TOKEN_PX))
        features, row_px = _within(features, attended, decoded, _TOKEN_PX), _TOKEN_PX
        for lateral, decoder in zip(self.laterals, self.decoders, strict=True):
            features, row_px = nn.functional.interpolate(lateral(features), scale_factor=2, mode="nearest"), row_px // 2
            features = decoder(features + _within(skips.pop(), halo, decoded, row_px))
        return _within(features, decoded, NO_HALO, row_px)


def _within(x: Tensor, halo: Halo, kept: Halo, row_px: int) -> Tensor:
    """``x``, whose rows are ``row_px`` rows of the strip each, with less of its halo."""
    above, below = ((had - wanted) // row_px for had, wanted in zip(halo, kept, strict=True))
    return x[:, :, above : x.shape[2] - below]
