"""What somebody who can program writes in an hour around a trained network: ``python benchmarks/plain_script.py SCAN MANIFEST OUT.las``.

The whole image is read at once, each track is cut out along its edges and brought to the network's width, tiles go forward one by one, the class of
each pixel is its most likely one, a curve is the centroid of its class row by row, and lasio writes. No decoder but OpenCV's and no model but
torch's own way to run it. It shares with VeerNet the weights, the class that they belong to, and the manifest as YAML.

It knows nothing of damaged scans, wraps, crossings, skew or confidence: it is there to be compared with in time and memory, not in what it finds.
"""

from __future__ import annotations

import sys
from typing import Any

import cv2
import lasio
import numpy as np
import torch
import yaml

from veernet.network.weights import load_weights, shipped_weights

WIDTH, MARGIN, TILE_ROWS = 512, 16, 2048
NULL = -999.25


def edge_at(edge: float | list[list[float]], rows: np.ndarray) -> np.ndarray:
    """Columns of a track's edge at rows."""
    if isinstance(edge, (int, float)):
        return np.full(len(rows), float(edge))
    points = np.array(edge)
    return np.interp(rows, points[:, 0], points[:, 1])


def cut(image: np.ndarray, track: dict[str, Any], first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """A track as darkness 0 to 1, (rows, 512), and the row of the scan of each of its rows."""
    rows = np.array([first, last], float)
    width = float(np.mean(edge_at(track["right"], rows) - edge_at(track["left"], rows)))
    scale = (WIDTH - 2 * MARGIN) / width
    at = np.arange(int((last - first) * scale)) / scale + first
    left, right = edge_at(track["left"], at), edge_at(track["right"], at)
    share = (np.arange(WIDTH) - MARGIN + 0.5) / (WIDTH - 2 * MARGIN)
    strip = np.empty((len(at), WIDTH), np.float32)
    for start in range(0, len(at), 16_384):  # OpenCV takes no more than 32,767 rows at once
        part = slice(start, start + 16_384)
        columns = (left[part, None] + share[None, :] * (right - left)[part, None]).astype(np.float32)
        top = int(at[part][0])
        band = image[top : int(at[part][-1]) + 2]
        rows_map = np.repeat((at[part] - top)[:, None], WIDTH, axis=1).astype(np.float32)
        strip[part] = 1.0 - cv2.remap(band, columns, rows_map, cv2.INTER_LINEAR, borderValue=255) / 255.0
    return strip, at


def classes(network: torch.nn.Module, strip: np.ndarray) -> np.ndarray:
    """The most likely class of each pixel, (rows, 512)."""
    found = []
    with torch.no_grad():
        for start in range(0, len(strip), TILE_ROWS):
            tile = strip[start : start + TILE_ROWS]
            rows = len(tile)
            padded = np.pad(tile, ((0, -rows % 128), (0, 0)))
            logits = network(torch.from_numpy(padded)[None, None])
            found.append(logits[0].argmax(0)[:rows].to(torch.uint8).numpy())
    return np.concatenate(found)


def centroids(mask: np.ndarray) -> np.ndarray:
    """Track fraction of a curve at each row; NaN where it has no pixel."""
    counts = mask.sum(1)
    columns = (mask @ np.arange(WIDTH, dtype=np.float32)) / np.where(counts, counts, 1)
    return np.where(counts, (columns - MARGIN + 0.5) / (WIDTH - 2 * MARGIN), np.nan)


def values(fraction: np.ndarray, curve: dict[str, Any], scale: str) -> np.ndarray:
    """Values of a curve at fractions of its track."""
    left, right = curve["left"], curve["right"]
    return left * (right / left) ** fraction if scale == "log" else left + fraction * (right - left)


def main(scan: str, manifest: str, out: str) -> None:
    """Digitise one sheet."""
    with open(manifest) as file:  # noqa: PTH123
        sheet = yaml.safe_load(file)
    image = cv2.imread(scan, cv2.IMREAD_GRAYSCALE)
    network = load_weights(shipped_weights()).eval()
    ticks = np.array(sheet["depth"]["ticks"])
    top, base, step = sheet["depth"]["top"], sheet["depth"]["base"], sheet["depth"]["step"]
    first, last = (int(np.interp(depth, ticks[:, 1], ticks[:, 0])) for depth in (top, base))
    depths = np.arange(top, base + step / 2, step)
    las = lasio.LASFile()
    las.well.WELL.value = sheet["well"]["name"]
    las.append_curve("DEPT", depths, unit=sheet["depth"]["unit"])
    for track in sheet["tracks"]:
        strip, rows = cut(image, track, first, last + 1)
        found = classes(network, strip)
        row_depths = np.interp(rows, ticks[:, 0], ticks[:, 1])
        for number, curve in enumerate(track["curves"], start=1):
            fraction = centroids(found == number)
            there = np.isfinite(fraction)
            at_depths = (
                np.interp(depths, row_depths[there], fraction[there]) if there.any() else np.full(len(depths), np.nan)
            )
            las.append_curve(curve["mnemonic"], values(at_depths, curve, track["scale"]), unit=curve.get("unit", ""))
    las.write(out, version=2.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
