"""Work side by side behind one small interface; a local process pool out of the box.

Results come back in the order of the items, so a result never depends on the number of workers.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

from bedside.core.errors import RunError

A = TypeVar("A")
B = TypeVar("B")


class Executor(Protocol):
    """Runs a module-level function over items, each in a process with one thread."""

    workers: int

    def map(self, function: Callable[[A], B], items: Sequence[A]) -> Iterator[B]:
        """Results in the order of `items`, each as soon as it and those before it are ready."""


class InProcess:
    """One after the other, here: for tests, for debugging, for one core."""

    workers = 1

    def map(self, function: Callable[[A], B], items: Sequence[A]) -> Iterator[B]:
        """`function` of each item, lazily."""
        return (function(item) for item in items)


class LocalPool:
    """A pool of processes on this machine, started fresh (spawn) so that no thread is inherited."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or usable_cores()

    def map(self, function: Callable[[A], B], items: Sequence[A]) -> Iterator[B]:
        """As Executor; a worker that is killed is a RunError, not a hang."""
        if self.workers == 1 or len(items) <= 1:
            yield from InProcess().map(function, items)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            min(self.workers, len(items)), mp_context=context, initializer=_one_thread
        ) as pool:
            try:
                yield from pool.map(function, items)
            except BrokenProcessPool as error:
                raise RunError(
                    "a worker process",
                    expected="it to finish",
                    found="it was killed",
                    hint="often memory ran out; try --workers 1; finished parts are kept",
                ) from error


def usable_cores() -> int:
    """Cores that this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _one_thread() -> None:
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ):
        os.environ[name] = "1"
