"""Run the network over strips of any length: uint8 darkness in, uint8 probabilities out."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from veernet.digest import file_digest
from veernet.errors import OptionError, WeightsError
from veernet.memory import out_of_memory
from veernet.network.body import ConvBlock
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

    def classes(self, strip: ByteArray, tile_rows: int = TILE_ROWS) -> ByteArray:
        """The class map of a strip, ``(rows, 512)`` to ``(2, rows, 512)``: each curve's probability times 255.

        Any slice that starts on a multiple of ``ROW_ALIGN`` and has ``HALO`` rows beyond the rows of interest (or ends
        with the strip) gives for these what the whole strip gives. So a tile that there is no memory for is halved.

        Raises:
            WeightsError: The network answered with something that is not a number.
            MemoryError, RuntimeError: There is not even memory for a tile of ``LEAST_TILE_ROWS``.
        """
        rows = strip.shape[0]
        out = np.empty((self._network.curves, *strip.shape), np.uint8)
        first = 0
        while first < rows:
            start, last = max(0, first - HALO), min(rows, first + tile_rows)
            try:
                tile = self._tile(strip[start : min(rows, last + HALO)])
            except (MemoryError, RuntimeError) as error:
                if tile_rows <= LEAST_TILE_ROWS or not out_of_memory(error):
                    raise
                tile_rows //= 2
                continue
            out[:, first:last] = tile[:, first - start : last - start]
            first = last
        return out

    def _tile(self, strip: ByteArray) -> ByteArray:
        rows = strip.shape[0]
        padded = np.zeros((-(-rows // ROW_ALIGN) * ROW_ALIGN, strip.shape[1]), np.uint8)
        padded[:rows] = strip
        with torch.inference_mode():
            x = torch.from_numpy(padded).to(self.device)[None, None].float().div_(255.0)
            x = x.contiguous(memory_format=torch.channels_last)
            with computing_in(self.precision, self.device):
                logits = self._network(x)
            probabilities = self._network.probabilities(logits.float())
            if not bool(torch.isfinite(probabilities).all()):
                raise WeightsError(
                    self.digest[:12], "the network answered NaN", "use other weights, or report the scan"
                )
            quantised = probabilities.mul_(255.0).round_().to(torch.uint8)
        return np.asarray(quantised[0, :, :rows].cpu().numpy())


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
