"""Two workers against one: how many augmented volumes and pictures a second.

    python bench/workers.py [--seconds 10]

The chain of bench/augment3d.py (128^3 float32 and labels to 96^3) and of bench/augment2d.py
(512 x 512 uint8 to 224 x 224), on one thread, on two threads of one process, and in two processes.
One and two take turns, and the best of the rounds counts. The outputs must be the same. Where
others are at work on the cores, two workers cannot be twice as fast by the clock; so the processor
time of a sample is measured too, which rises where workers are in each other's way, and the ratio
that it would give on free cores. Exits with 1 where neither two threads nor two processes reach
the bar: by the clock, or, where the load at the start is above 0.5, by processor time.
"""

# ruff: noqa: E402  # the number of threads is set before numpy is loaded
from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np

from bedside.modalities.images.augment import (
    Affine,
    Brightness,
    Chain,
    Contrast,
    Crop,
    Flip,
    Gamma,
    GaussianNoise,
)

BAR, BATCH = 1.8, {3: 4, 2: 32}
CHAINS = {
    3: Chain(
        ops=(
            Affine(), Flip(axes=("slice", "row", "column")), Crop(), Gamma(p=1.0),
            Brightness(p=1.0), GaussianNoise(p=1.0),
        ),
        shape=(96, 96, 96),
    ),
    2: Chain(
        ops=(
            Affine(rotation=(-10, 10), scale=(0.9, 1.1), translation=(-0.05, 0.05)),
            Flip(axes=("column",)), Brightness(p=1.0), Contrast(p=1.0), GaussianNoise(p=1.0),
        ),
        shape=(224, 224),
    ),
}  # fmt: skip
_KEPT: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}


def data(axes: int) -> tuple[np.ndarray, np.ndarray | None]:
    """A batch and its labels, made once in each process."""
    if axes not in _KEPT:
        random = np.random.default_rng(0)
        if axes == 3:
            images = random.random((BATCH[3], 1, 128, 128, 128), np.float32)
            _KEPT[3] = images, (images[:, 0] > 0.5).astype(np.uint8)
        else:
            _KEPT[2] = random.integers(0, 256, (BATCH[2], 1, 512, 512), np.uint8), None
    return _KEPT[axes]


def work(job: tuple[int, int, int]) -> tuple[int, float, float]:
    """Batches of some dimension, first epoch and number: samples made, their sum, and seconds of
    the processor."""
    axes, first, count = job
    images, labels = data(axes)
    total, before = 0.0, time.thread_time()
    for epoch in range(first, first + count):
        made, _ = CHAINS[axes].batch(
            images, keys=range(len(images)), seed=0, epoch=epoch, labels=labels
        )
        total += float(made.sum(dtype=np.float64))
    return count * len(images), total, time.thread_time() - before


def rate(pool: Executor, workers: int, axes: int, epochs: int) -> tuple[float, float, float]:
    """Samples a second by the clock, and for each worker by its own processor time, and the sum
    of all that was made."""
    part = epochs // workers
    jobs = [(axes, worker * part, part) for worker in range(workers)]
    before = time.perf_counter()
    made = list(pool.map(work, jobs))
    spent = time.perf_counter() - before
    count = sum(one[0] for one in made)
    return count / spent, count / sum(one[2] for one in made), sum(one[1] for one in made)


def compare(axes: int, seconds: float, busy: bool) -> float:
    """The better ratio of two workers to one, of threads and of processes."""
    threads = {n: ThreadPoolExecutor(n) for n in (1, 2)}
    processes = {n: ProcessPoolExecutor(n, mp_context=get_context("spawn")) for n in (1, 2)}
    best: dict[tuple[str, int], tuple[float, float]] = {}
    sums = set()
    for kind, pools in (("threads", threads), ("processes", processes)):
        for n, pool in pools.items():
            rate(pool, n, axes, 2)  # compiled, and the data made, in every worker
        until = time.monotonic() + seconds
        while time.monotonic() < until or (kind, 2) not in best:
            for n, pool in pools.items():
                *found, total = rate(pool, n, axes, 8)
                before = best.get((kind, n), (0.0, 0.0))
                best[kind, n] = max(found[0], before[0]), max(found[1], before[1])
                sums.add(round(total, 3))
        for pool in pools.values():
            pool.shutdown()
    if len(sums) != 1:
        sys.exit(f"{axes}D: expected the same output of all workers, found {len(sums)} sums")
    return max(
        _ratio(axes, kind, best[kind, 1], best[kind, 2], busy) for kind in ("threads", "processes")
    )


def _ratio(
    axes: int, kind: str, one: tuple[float, float], two: tuple[float, float], busy: bool
) -> float:
    clock, processor = two[0] / one[0], 2 * two[1] / one[1]
    print(f"{axes}D, {kind:9s}: one {one[0]:7.1f}, two {two[0]:7.1f} a second: {clock:.2f} x "
          f"by the clock; {processor:.2f} x by processor time")  # fmt: skip
    return processor if busy else clock


def main() -> int:
    """Print the rates; 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}")
    return int(min(compare(axes, arguments.seconds, load > 0.5) for axes in (3, 2)) < BAR)


if __name__ == "__main__":
    sys.exit(main())
