"""Made-up rows that are wanted, in blocks: the same seed gives the same rows, and more of them.

Rows that break a stated rule or do not satisfy what was asked are drawn again, so that what is
left has the generator's own distribution given both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.randomness import stream
from bedside.methods.synthesis.mixed import Values

BLOCK = 1024
"""Rows drawn at once, always whole blocks: what is drawn does not depend on how many are wanted."""
PATIENCE = 60
"""So many blocks without one row that is wanted, and the search ends."""


class Sampler(Protocol):
    """What a fitted method draws rows with."""

    def draw(self, count: int, rng: np.random.Generator) -> Values:
        """`count` rows [count, D], each independent of the others."""


Wanted = Callable[[Values], NDArray[np.bool_]]
"""Which of rows [N, D] are wanted, [N]."""


def sampled(sampler: Sampler, wanted: Wanted, count: int, *, seed: int) -> Values:
    """The first `count` rows [count, D] that are wanted.

    Raises DataError where hardly any is.
    """
    found: list[Values] = []
    have = block = barren = 0
    while have < count:
        rows = sampler.draw(BLOCK, stream(seed, 4, block))
        rows = rows[wanted(rows)]
        barren = 0 if len(rows) else barren + 1
        if barren == PATIENCE:
            raise DataError(
                "synthesis", expected="cases that satisfy the conditions and the study's rules",
                found=f"none in {PATIENCE * BLOCK:,} that were drawn",
                hint="ask for less at once; is it possible, and was any such patient seen?",
            )  # fmt: skip
        found.append(rows)
        have += len(rows)
        block += 1
    columns = sampler.draw(0, stream(seed, 4)).shape[1] if not found else found[0].shape[1]
    return np.concatenate([*found, np.empty((0, columns))])[:count]
