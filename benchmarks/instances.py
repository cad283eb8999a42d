"""How many training instances are drawn in a second: ``python benchmarks/instances.py``.

An instance of training is a strip of 256 rows by 512 columns; one of 128 rows has as many px as a 256 x 256 image.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

import cv2

from veernet.training.instance import sample_instance


def draw(first_seed: int, count: int, rows: int) -> float:
    """Seconds that drawing takes, after a few instances to warm up."""
    cv2.setNumThreads(1)
    for seed in range(5):
        sample_instance(first_seed + seed, rows)
    started = time.perf_counter()
    for seed in range(count):
        sample_instance(first_seed + seed, rows)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="instances a process and round")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| rows x columns | processes | instances a second |\n|---|---|---|")  # noqa: T201
    with ProcessPoolExecutor(options.processes) as pool:
        for rows in (128, 256):
            rates = []
            for round_ in range(options.rounds):
                seeds = [10_000 * (round_ * options.processes + process) for process in range(options.processes)]
                took = max(pool.map(draw, seeds, [options.count] * len(seeds), [rows] * len(seeds)))
                rates.append(options.count * options.processes / took)
            print(f"| {rows} x 512 | {options.processes} | {statistics.median(rates):.0f} |")  # noqa: T201


if __name__ == "__main__":
    main()
