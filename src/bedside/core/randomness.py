"""Randomness by name: a draw is a function of what it is for, and of nothing else.

Philox 4x64 (Salmon et al., 2011) turns a key and a counter into numbers without any state, so
the same (seed, epoch, sample, op) gives the same augmentation for any number of workers, in any
order, after a resume, and in the replay of one sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WORDS = 16
"""Uniform numbers that belong to one op of one sample in one epoch."""
_MASK = (1 << 64) - 1


def stream(seed: int, *purpose: int) -> np.random.Generator:
    """A generator that depends on `seed` and up to four integers that say what it is for.

    >>> float(stream(3, 1, 4).random()) == float(stream(3, 1, 4).random())
    True
    """
    first, *rest = (*purpose, 0)[:4]
    counter = [0, *(value & _MASK for value in (*rest, 0, 0, 0)[:3])]
    return np.random.Generator(np.random.Philox(key=[seed & _MASK, first & _MASK], counter=counter))


def uniforms(seed: int, epoch: int, sample: int, ops: int) -> NDArray[np.float64]:
    """Numbers in [0, 1) for the ops of one sample, [ops, WORDS]; row i does not depend on `ops`."""
    key = np.array([seed & _MASK, epoch & _MASK], np.uint64)
    counter = np.array([0, sample & _MASK, 0, 0], np.uint64)
    words = np.random.Philox(key=key, counter=counter).random_raw(ops * WORDS)
    numbers = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return numbers.reshape(ops, WORDS)


class Draw:
    """The numbers of one op, taken one after the other.

    An op has WORDS of them. What needs more draws a key and takes a `stream` of it.
    """

    __slots__ = ("_at", "_words", "axes")

    def __init__(self, words: Sequence[float], *, axes: int = 0) -> None:
        self._words, self._at = words, 0
        self.axes = axes
        """How many spatial axes the sample has, where it has any."""

    def number(self) -> float:
        """In [0, 1)."""
        self._at += 1
        return self._words[self._at - 1]

    def happens(self, probability: float) -> bool:
        """True with a probability; one number is taken in any case."""
        return self.number() < probability

    def between(self, ends: tuple[float, float]) -> float:
        """Uniform between two ends."""
        return ends[0] + (ends[1] - ends[0]) * self.number()

    def ratio(self, ends: tuple[float, float]) -> float:
        """Between two positive ends, uniform in the logarithm: 0.8 is as likely as 1.25."""
        return math.exp(self.between((math.log(ends[0]), math.log(ends[1]))))

    def whole(self, count: int) -> int:
        """0, ..., count - 1."""
        return min(int(self.number() * count), count - 1)

    def key(self) -> int:
        """A key of 53 random bits, for a field of noise; it survives JSON."""
        return int(self.number() * 2.0**53)
