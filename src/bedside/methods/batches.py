"""Batches of training rows: their order, and the next ones fetched while the model works.

The order is a function of (seed, epoch), and an augmentation of (rows, epoch), so a run is the same
whoever else is at work and whenever it was started. Arrays may be memory-mapped and larger than
memory: only the rows of a batch are read.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Arrays = tuple[NDArray[np.generic], ...]
Rows = NDArray[np.int64]
Batch = tuple[Tensor, ...]
"""Labels, weights, then the inputs."""
AHEAD = 2
"""Batches that are made ready while the model works on another."""


class Augment(Protocol):
    """Changes a batch before the model sees it: arrays in, arrays out."""

    def __call__(
        self, arrays: Arrays, labels: NDArray[np.generic], rows: Rows, *, epoch: int
    ) -> tuple[Arrays, NDArray[np.generic]]:
        """The inputs and labels of `rows` [B] of the training part, changed.

        What it gives may depend on nothing but its arguments. It runs in a thread of its own, one
        batch after the other.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What batches are made of: N rows, of which those in `counted` are learned from."""

    labels: NDArray[np.generic]
    weights: NDArray[np.float32]
    inputs: Arrays
    counted: Rows
    augment: Augment | None = None

    @property
    def resident(self) -> bool:
        """Whether all of it is in memory as it is, with nothing to change."""
        arrays = (self.labels, self.weights, *self.inputs)
        return self.augment is None and not any(isinstance(item, np.memmap) for item in arrays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What training took, looks at `select` left out."""

    elapsed: float = 0.0
    """Seconds on the clock."""
    waiting: float = 0.0
    """Of these, seconds in which the model waited for a batch."""
    used: float = 0.0
    """Seconds of processor time, of all threads."""
    loading: float = 0.0
    """Of these, seconds in which batches were fetched and augmented."""

    @property
    def waiting_share(self) -> float:
        """The share of the time on the clock in which the model had nothing to do."""
        return self.waiting / max(self.elapsed, 1e-9)

    @property
    def loading_share(self) -> float:
        """The share of the processor time that went into batches instead of the model."""
        return self.loading / max(self.used, 1e-9)


class Feed:
    """The batches of each epoch as tensors on a device, and what it cost to wait for them."""

    def __init__(self, source: Source, size: int, device: torch.device, *, seed: int) -> None:
        self.source, self.size, self.device, self.seed = source, size, device, seed
        self.loading = self.waiting = 0.0
        self._whole: Batch = ()
        if source.resident:
            arrays = (source.labels, source.weights, *source.inputs)
            self._whole = tuple(tensor(array[source.counted], device) for array in arrays)

    def __len__(self) -> int:
        return len(self._order(0))

    def epoch(self, epoch: int) -> Generator[Batch]:
        """One batch after the other; close the iterator when leaving early."""
        order = self._order(epoch)
        if self._whole:
            for rows in order:
                index = tensor(rows, self.device)
                yield tuple(array[index] for array in self._whole)
            return
        with closing(_ahead(lambda rows: self._fetch(rows, epoch), order)) as fetched:
            while True:
                asked = time.perf_counter()
                arrays = next(fetched, None)
                self.waiting += time.perf_counter() - asked
                if arrays is None:
                    return
                yield tuple(tensor(array, self.device) for array in arrays)

    def _order(self, epoch: int) -> list[Rows]:
        return batches(len(self.source.counted), self.size, seed=self.seed, epoch=epoch)

    def _fetch(self, places: Rows, epoch: int) -> Arrays:
        started, source = time.thread_time(), self.source
        rows = source.counted[places]
        inputs = tuple(array[rows] for array in source.inputs)
        labels = source.labels[rows]
        if source.augment is not None:
            inputs, labels = source.augment(inputs, labels, rows, epoch=epoch)
        self.loading += time.thread_time() - started  # only this thread adds to it
        return labels, source.weights[rows], *inputs


def batches(rows: int, size: int, *, seed: int, epoch: int) -> list[Rows]:
    """Row numbers of the batches of an epoch; a last batch of a row or two joins the one before."""
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    order = generator.permutation(rows)
    starts = list(range(0, rows, size))
    if len(starts) > 1 and rows - starts[-1] < size // 4:
        starts.pop()
    ends = [*starts[1:], rows]
    return [order[start:end] for start, end in zip(starts, ends, strict=True)]


def tensor(array: NDArray[np.generic], device: torch.device) -> Tensor:
    """An array on a device; one that may not be written to, as of a mapped file, is copied."""
    return torch.from_numpy(np.require(array, requirements=("C", "W"))).to(device)


def _ahead(make: Callable[[Rows], Arrays], items: Sequence[Rows]) -> Generator[Arrays]:
    """`make(item)` of each item in order, up to `AHEAD` of them before they are asked for."""
    pool, ready = ThreadPoolExecutor(1, "batches"), deque[Future[Arrays]]()
    try:
        for item in items:
            ready.append(pool.submit(make, item))
            if len(ready) > AHEAD:
                yield ready.popleft().result()
        while ready:
            yield ready.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
