"""Run the network over strips of any length: uint8 darkness in, uint8 probabilities out."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from veernet.digest import file_digest
from veernet.errors import OptionError, WeightsError
from veernet.memory import out_of_memory
from veernet.network.body import ConvBlock, Halo
from veernet.network.precision import chosen, computing_in
from veernet.network.targets import Network
from veernet.network.tiles import HALO, LEAST_TILE_ROWS, ROW_ALIGN, TILE_ROWS
from veernet.network.weights import load_weights, shipped_weights

ByteArray = NDArray[np.uint8]


class Segmenter:
    """A network on a device, ready to turn strips into class maps.

    Args:
        network: A network in inference mode.
        digest: sha256 of the weights file that it came from.
        device: ``auto`` takes CUDA where there is one, else the CPU; or a torch device by name.

    Raises:
        OptionError: There is no such device here.
    """

    def __init__(self, network: Network, digest: str, device: str = "auto") -> None:
        try:
            self.device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
            self._network = folded(network).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        except (RuntimeError, AssertionError) as error:
            raise OptionError(f"device {device!r}", f"not usable here ({error})", "use auto, cpu or cuda") from error
        self.digest = digest
        self.curves = network.curves
        self.precision = chosen("auto", self.device)
        if self.precision == "fp32":
            told = "this %s has no bf16 instructions: the network computes in fp32"
            logging.getLogger(__name__).info(told, self.device.type.upper())

    @classmethod
    def load(cls, weights: Path | None = None, device: str = "auto") -> Segmenter:
        """A segmenter from a weights file, the shipped one unless given.

        Raises:
            WeightsError: The file is missing, damaged, or not for this network.
            OptionError: There is no such device here.
        """
        path = weights or shipped_weights()
        return cls(load_weights(path), file_digest(path), device)

    def classes(self, strip: ByteArray, tile_rows: int = TILE_ROWS, rows: slice = slice(None)) -> ByteArray:
        """The class map of a strip, ``(n, 512)`` to ``(2, n, 512)``, or of some of its rows: each curve's probability times 255.

        What is given of rows is what the whole strip gives for them, if they begin on a multiple of ``ROW_ALIGN`` and the slice of the strip that is
        at hand reaches ``HALO`` rows beyond them, or to the strip's end. So a tile that there is no memory for is halved.

        Raises:
            WeightsError: The network answered with something that is not a number.
            MemoryError, RuntimeError: There is not even memory for a tile of ``LEAST_TILE_ROWS``.
        """
        first, end, _ = rows.indices(len(strip))
        out = np.empty((self._network.curves, end - first, strip.shape[1]), np.uint8)
        row = first
        while row < end:
            last = min(end, row + tile_rows)
            reached, halo = _reach(row, last, len(strip))
            try:
                tile = self._tile(strip[reached], halo)
            except (MemoryError, RuntimeError) as error:
                if tile_rows <= LEAST_TILE_ROWS or not out_of_memory(error):
                    raise
                tile_rows //= 2
                continue
            within = row - reached.start - halo[0]
            out[:, row - first : last - first] = tile[:, within : within + last - row]
            row = last
        return out

    def _tile(self, strip: ByteArray, halo: Halo) -> ByteArray:
        """The class map of a slice of a strip less the halo that it has."""
        rows = len(strip) - sum(halo)
        padded = np.pad(strip, ((0, -rows % ROW_ALIGN), (0, 0)))
        with torch.inference_mode():
            x = torch.from_numpy(padded).to(self.device)[None, None].float().div_(255.0)
            x = x.contiguous(memory_format=torch.channels_last)
            with computing_in(self.precision, self.device):
                logits = self._network(x, halo)
            probabilities = self._network.probabilities(logits.float())
            if not math.isfinite(float(probabilities.sum())):  # a NaN anywhere makes it one
                raise WeightsError(
                    self.digest[:12], "the network answered NaN", "use other weights, or report the scan"
                )
            quantised = probabilities.mul_(255.0).round_().to(torch.uint8)
        return np.asarray(quantised[0, :, :rows].cpu().numpy())


def _reach(row: int, last: int, rows: int) -> tuple[slice, Halo]:
    """The rows, of so many, that a tile of the rows from one to before another is made of, and how many of them are its halo.

    Too near an end of the strip for a halo, a tile begins, or ends, with the strip.
    """
    end = row + -(-(last - row) // ROW_ALIGN) * ROW_ALIGN
    above, below = (HALO if row >= HALO else 0), (HALO if end + HALO <= rows else 0)
    return slice(row - above if above else 0, end + below if below else rows), (above, below)


def folded(network: Network) -> Network:
    """A network in inference mode with its batch norms folded into the convolutions before them, in place.

    It answers the same but for rounding; what is left of a batch norm costs nothing.
    """
    for block in network.modules():
        if not isinstance(block, ConvBlock):
            continue
        convolution, norm = block[0], block[1]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            block[0], block[1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
    return network
