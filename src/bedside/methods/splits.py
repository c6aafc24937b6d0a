"""Who is in train, tune, held_out and external: decided by the subject's name alone.

Each subject gets a number in [0, 1) from a hash of (seed, subject), a counter-based draw: it does
not depend on order, on the number of workers, or on who else is in the data. So a subject keeps
their split when rows are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.str_]


def draw(subjects: Sequence[str], seed: int, purpose: str = "split") -> Floats:
    """A number in [0, 1) for each subject, a function of (seed, purpose, subject) alone.

    >>> draw(["a", "b"], 0)[0] == draw(["b", "a"], 0)[1]
    np.True_
    """
    key = f"{seed}/{purpose}".encode()
    drawn = b"".join(blake2b(name.encode(), digest_size=8, key=key).digest() for name in subjects)
    return (np.frombuffer(drawn, "<u8") >> np.uint64(11)).astype(np.float64) * 2.0**-53


def assign(
    number: Floats, tune: float, held_out: float, strata: npt.NDArray[np.int64] | None = None
) -> Words:
    """`train`, `tune` or `held_out` for each subject's number.

    With `strata` [N] (an outcome index per subject) the shares hold exactly within each stratum;
    the price is that adding subjects may then move others.
    """
    if strata is not None:
        number = _ranks(number, strata)
    names = np.where(number < held_out + tune, "tune", "train").astype("<U8")
    names[number < held_out] = "held_out"
    return names


def _ranks(number: Floats, strata: npt.NDArray[np.int64]) -> Floats:
    """The rank of each number within its stratum, as a share in [0, 1)."""
    order = np.lexsort((number, strata))
    sorted_strata = strata[order]
    starts = np.flatnonzero(np.r_[True, sorted_strata[1:] != sorted_strata[:-1]])
    sizes = np.diff(np.r_[starts, len(strata)])
    place = np.arange(len(strata)) - np.repeat(starts, sizes)
    shares = np.empty(len(strata))
    shares[order] = (place + 0.5) / np.repeat(sizes, sizes)
    return shares
