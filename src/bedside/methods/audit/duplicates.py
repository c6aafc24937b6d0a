"""The same patient, or the same row, in two splits: then the test has been seen in training.

Identical rows of different patients can be chance where few and coarse fields are kept. How many
chance explains is measured: pairs that agree in all fields but one are counted, and the share of
them that would also agree in that one by chance is what may be expected. Real copies have no such
near misses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bedside.methods.audit.separation import Ints

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """A hash of each row and of each field in it; the row's is the sum of its fields'."""

    whole: Hashes
    """[S]"""
    fields: dict[str, Hashes]
    """Of the fields that differ most between rows: [S] each."""
    known: NDArray[np.floating]
    """[S] share of the fields that are not missing; mostly empty rows resemble one another."""
    noun: str = "row"
    """What a sample is called in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Pairs of rows of different patients in two splits."""

    pairs: int
    expected: float
    rows: Ints
    """Rows outside training that have a twin in another split."""

    @property
    def found(self) -> bool:
        """More than three times what chance explains, and not by luck (Poisson, 1 in 1,000)."""
        usual = 3 * self.expected
        return self.pairs > usual and float(stats.poisson.sf(self.pairs - 1, usual)) < 1e-3


def mixed(values: Hashes, salt: int) -> Hashes:
    """A 64-bit hash of 64-bit values (splitmix64; Steele et al., OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        z = values + np.uint64((0x9E3779B97F4A7C15 * (salt + 1)) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def subjects_in_two_splits(subject: Ints, split: Ints) -> int:
    """How many patients have rows in more than one split."""
    pairs = np.unique(np.stack([subject, split], axis=1), axis=0)[:, 0]
    return int((np.unique(pairs, return_counts=True)[1] > 1).sum())


def copies(prints: Fingerprints, split: Ints, subject: Ints) -> Copies:
    """Identical rows across splits, and how many chance explains."""
    rows = np.flatnonzero(prints.known >= 0.5)
    split, subject = split[rows], subject[rows]
    whole = prints.whole[rows]
    pairs, twins = _across(whole, split, subject)
    if not pairs:
        return Copies(pairs=0, expected=0.0, rows=np.zeros(0, np.int64))
    expected = [
        _by_chance(whole, field[rows], split, subject, pairs) for field in prints.fields.values()
    ]
    return Copies(pairs=pairs, expected=max(expected, default=0.0), rows=rows[twins])


def _by_chance(whole: Hashes, field: Hashes, split: Ints, subject: Ints, pairs: int) -> float:
    """Pairs expected to be identical, from those that agree in every other field."""
    with np.errstate(over="ignore"):
        rest = whole - field
    counts = np.unique(field, return_counts=True)[1] / len(field)
    agree = float((counts**2).sum())
    if agree >= 1:
        return 0.0
    near = max(0, _across(rest, split, subject)[0] - pairs)
    return near * agree / (1 - agree)


def _across(hashes: Hashes, split: Ints, subject: Ints) -> tuple[int, Ints]:
    """Pairs of equal hashes in two splits and of two patients, and the rows outside training."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return 0, np.zeros(0, np.int64)
    member = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    block = np.cumsum(np.concatenate([[True], ~same]))[member]
    rows = order[member]
    block = np.unique(block, return_inverse=True)[1]
    all_pairs = _pairs(block)
    same_split = _pairs(_joint(block, split[rows]))
    same_subject = _pairs(_joint(block, subject[rows]))
    both = _pairs(_joint(_joint(block, subject[rows]), split[rows]))
    pairs = all_pairs - same_split - same_subject + both
    lowest = np.full(int(block.max()) + 1, 99, np.int64)
    np.minimum.at(lowest, block, split[rows])
    twins = rows[(split[rows] > lowest[block])]
    return pairs, twins if pairs else np.zeros(0, np.int64)


def _joint(one: Ints, other: Ints) -> Ints:
    codes = one.astype(np.int64) * (int(other.max()) + 1) + other
    return np.asarray(np.unique(codes, return_inverse=True)[1], np.int64)


def _pairs(block: Ints) -> int:
    counts = np.bincount(block).astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())
