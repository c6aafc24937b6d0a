"""The numbers of a whole batch at once: those of `core.randomness.uniforms`, in machine code.

numpy makes a generator for each sample, which costs more than the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.core.randomness import WORDS
from bedside.modalities.images.augment.compiled import compiled, upper

Array = NDArray[Any]
ROUNDS, BLOCK = 10, 4
U = np.uint64
_MASK = (1 << 64) - 1
_FACTORS = (U(0xD2E7470EE14C6C93), U(0xCA5A826395121157))
_STEPS = (U(0x9E3779B97F4A7C15), U(0xBB67AE8584CAA73B))


def numbers(seed: int, epoch: int, samples: Sequence[int], ops: int) -> NDArray[np.float64]:
    """Numbers in [0, 1) for the ops of some samples, [samples, ops, WORDS]."""
    out = np.empty((len(samples), ops, WORDS))
    key = np.array([seed & _MASK, epoch & _MASK], np.uint64)
    _fill(key, np.array([sample & _MASK for sample in samples], np.uint64), out)
    return out


@compiled
def _fill(key: Array, samples: Array, out: Array) -> None:
    for at in range(len(samples)):
        line = out[at].reshape(-1)
        for block in range(len(line) // BLOCK):
            words = _block(key[0], key[1], U(block + 1), samples[at])
            for i in range(BLOCK):
                line[block * BLOCK + i] = (words[i] >> U(11)) * 2.0**-53


@compiled
def _block(first: Any, second: Any, block: Any, sample: Any) -> tuple[Any, Any, Any, Any]:
    """Philox 4x64 of the counter (block, sample, 0, 0) (Salmon et al., 2011)."""
    a, b, c, d = block, sample, U(0), U(0)
    for _ in range(ROUNDS):
        low, high = U(_FACTORS[0] * a), upper(_FACTORS[0], a)
        other_low, other_high = U(_FACTORS[1] * c), upper(_FACTORS[1], c)
        a, b, c, d = U(other_high ^ b ^ first), other_low, U(high ^ d ^ second), low
        first, second = U(first + _STEPS[0]), U(second + _STEPS[1])
    return a, b, c, d
