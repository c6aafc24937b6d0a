"""What a lever costs: processor time with it, as a multiple of that without.

Fits of a repetition are on the same patients in both arms, so the ratio is of their sums, and its
interval over the repetitions: Student's t on the logarithm, by linearisation (Cochran, Sampling
Techniques, 3rd ed. 1977, section 6.3). What else the machine did is in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy.stats import t as student

from bedside.methods.worth.verdict import Triple

Seconds = Mapping[tuple[int, int], float]
"""Of processor, by repetition and budget."""
_LEAST = 1e-9


def times(base: Seconds, arm: Seconds, *, level: float) -> Triple:
    """The ratio with its interval; each fit of the arm has one of the base.

    >>> base = {(r, 100): 2.0 for r in range(3)}
    >>> times(base, {key: 3.0 for key in base}, level=0.95)
    (1.5, 1.5, 1.5)
    """
    repetitions = sorted({repetition for repetition, _ in arm})
    with_, without = (
        np.array([sum(held[key] for key in arm if key[0] == at) for at in repetitions])
        for held in (arm, base)
    )
    ratio = max(float(with_.sum()), _LEAST) / max(float(without.sum()), _LEAST)
    off = with_ / max(with_.mean(), _LEAST) - without / max(without.mean(), _LEAST)
    error = float(off.std(ddof=1)) / math.sqrt(len(off))
    half = float(student.ppf(0.5 + level / 2, len(off) - 1)) * error
    return ratio, ratio * math.exp(-half), ratio * math.exp(half)
