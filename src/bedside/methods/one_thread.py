"""One thread for all numerical libraries: sums in one order, the same numbers for a seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sklearn  # noqa: F401  # loads its OpenMP, which is limited below only when it is there
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it brings no types


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch, BLAS and OpenMP work with one thread; afterwards as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
