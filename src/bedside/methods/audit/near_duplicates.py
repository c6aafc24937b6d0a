"""Samples of two splits that are nearly one: turned, cropped, brightened or compressed copies.

How near is too near depends on the data: blood cells all look alike, faces do not. So a distance is
measured in units of the distance to the fifth nearest sample. Among samples that are no copies the
negative logarithm of that ratio has an exponential tail, because the volume of a ball is a power of
its radius (as in Levina and Bickel, NeurIPS 2004). A ratio is a copy's when that tail, drawn out
beyond what is seen, expects less than one such in twenty data sets. Each way of copying has a tail
of its own. The ratio of two neighbours as a test of identity is Lowe's (IJCV 2004;60:91).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.methods.audit.separation import Ints, patients_in, share
from bedside.methods.words import count, interval, number

Floats = NDArray[np.float32]
NEIGHBOUR = 5
"""The neighbour whose distance is the unit."""
EXPECTED = 0.05
"""Look-alikes by chance in the whole data set."""
TAILS = ((0.5, 0.75), (0.75, 0.9), (0.9, 0.95))
"""Quantiles between which the tail is measured."""
ENOUGH = 100
"""Samples between them, at least, but for the first."""
FEWEST = 50
BLOCK = 512
DIMENSIONS = 48
NAMED = 5
TINY = 1e-4
WHY = (
    "A copy in training of what is tested makes the measured performance too good. It may also be "
    "one patient under two numbers."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Descriptors of S samples, and of the samples outside training once for each way of copying.

    Each descriptor is centred and of length one, so that brightness and contrast do not matter; a
    sample without content is all zeros and is left out.
    """

    plain: Floats
    """[S, P]"""
    rows: Ints
    """[Q] the samples of which there are ways."""
    ways: Sequence[Callable[[], Floats]]
    """Each gives [Q, P]: as it is (this one first), turned, mirrored, cropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Each queried sample's nearest one in another split."""

    rows: Ints
    """[Q]"""
    nearest: Ints
    """[Q] rows."""
    distance: Floats
    """[Q] in units of what is too near: below 1 it is a copy."""

    @property
    def pairs(self) -> Ints:
        """[M, 2] rows, the closest pair first, each pair once."""
        copied = np.flatnonzero(self.distance < 1)
        copied = copied[np.argsort(self.distance[copied], kind="stable")]
        both = np.sort(np.stack([self.rows[copied], self.nearest[copied]], axis=1), axis=1)
        first = np.unique(both, axis=0, return_index=True)[1]
        return np.asarray(both[np.sort(first)], np.int64)


def near_copies(looks: Looks, split: Ints) -> Near | None:
    """The nearest sample of another split, for each sample outside training; None if too few.

    `split` [S], 0 for training. Cost: ways x Q x S x 48 multiplications, in blocks.
    """
    shown = (looks.plain**2).sum(axis=1) > 0.5
    groups = [
        (np.flatnonzero((split[looks.rows] == one) & shown[looks.rows]),
         np.flatnonzero((split != one) & shown))
        for one in np.unique(split[looks.rows])
    ]  # fmt: skip
    groups = [(mine, others) for mine, others in groups if len(mine) and len(others) >= FEWEST]
    asked = np.concatenate([mine for mine, _ in groups]) if groups else np.zeros(0, np.int64)
    if len(asked) < FEWEST:
        return None
    axes_PR, middle_P = _principal(looks.plain)
    base_SR = (looks.plain - middle_P) @ axes_PR
    size = len(looks.rows)
    nearest, best = np.zeros(size, np.int64), np.full(size, np.inf, np.float32)
    unit = np.zeros(size, np.float32)
    for first, way in enumerate(looks.ways):
        way_QR = (way() - middle_P) @ axes_PR
        distance, at = np.zeros(size, np.float32), np.zeros(size, np.int64)
        for mine, others in groups:
            found = _nearest(way_QR[mine], base_SR[others], unit=first == 0)
            distance[mine], at[mine] = found.distance, others[found.at]
            if found.unit is not None:
                unit[mine] = found.unit
        ratio = np.full(size, np.inf, np.float32)
        ratio[asked] = distance[asked] / np.maximum(unit[asked], TINY)
        ratio[asked] /= limit_of(ratio[asked], EXPECTED / len(looks.ways))
        better = ratio < best
        nearest[better], best[better] = at[better], ratio[better]
    return Near(rows=looks.rows, nearest=nearest, distance=best)


def limit_of(ratio: NDArray[np.floating], expected: float = EXPECTED) -> float:
    """Below which ratio `expected` of as many samples lie by chance.

    The tail is taken from where it is steepest, as copies only make it flatter: so they hide
    nothing while they are fewer than a quarter.
    """
    logs = -np.log(np.maximum(ratio, TINY))
    limits: list[float] = []
    for begin, end in TAILS:
        if (end - begin) * len(logs) < ENOUGH and limits:
            break
        low, high = np.quantile(logs, [begin, end])
        slope = np.log((1 - begin) / (1 - end)) / max(high - low, TINY)
        limits.append(np.exp(-(high + np.log((1 - end) * len(logs) / expected) / slope)))
    return float(max(limits))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nearest:
    distance: Floats
    at: Ints
    unit: Floats | None


def _nearest(
    query_QR: NDArray[np.floating], base_SR: NDArray[np.floating], *, unit: bool
) -> _Nearest:
    """The nearest of the base, and where asked the distance to the fifth nearest."""
    squares_S = (base_SR * base_SR).sum(axis=1)
    at = np.empty(len(query_QR), np.int64)
    distance, fifth = np.empty((2, len(query_QR)), np.float32)
    twice_RS = -2 * base_SR.T
    for start in range(0, len(query_QR), BLOCK):
        rows = slice(start, start + BLOCK)
        part_BR = query_QR[rows]
        apart_BS = part_BR @ twice_RS
        apart_BS += squares_S
        own_B = (part_BR * part_BR).sum(axis=1)
        at[rows] = apart_BS.argmin(axis=1)
        least = np.take_along_axis(apart_BS, at[rows][:, None], axis=1)[:, 0]
        distance[rows] = np.sqrt(np.maximum(least + own_B, 0))
        if unit:
            other = np.partition(apart_BS, NEIGHBOUR - 1, axis=1)[:, NEIGHBOUR - 1]
            fifth[rows] = np.sqrt(np.maximum(other + own_B, 0))
    return _Nearest(distance=distance, at=at, unit=fifth if unit else None)


def _principal(plain_SP: Floats) -> tuple[Floats, Floats]:
    """[P, R] axes of the largest variance, and the mean [P], from some thousands of samples."""
    some = plain_SP[:: max(1, len(plain_SP) // 4_000)]
    middle = some.mean(axis=0)
    centred = some - middle
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(axes[:, ::-1][:, :DIMENSIONS], np.float32), middle


def near_finding(
    near: Near | None, pairs: Ints, *, subject: Ints, tested: Ints, noun: str, data: str
) -> Finding:
    """Kind near_duplicates. `pairs` [M, 2]: those of `near` that are not identical.

    `subject` [S]; `tested`: rows outside training.
    """
    if near is None:
        text = f"Whether {noun}s are near copies of others cannot be said of so few."
        return Finding(kind="near_duplicates", state="unknown", sentence=text, why=WHY)
    asked = np.zeros(len(subject), bool)
    asked[tested] = True
    copied = np.unique(pairs[asked[pairs]])
    people, size = patients_in(subject[copied]), patients_in(subject[tested])
    low, high = share(people, size)
    evidence = Evidence(
        measure="audit.near_duplicates", value=people / max(size, 1), low=low, high=high,
        subjects=size, unit="share", stage="audit", data=data,
    )  # fmt: skip
    return Finding(
        kind="near_duplicates", state="found" if len(pairs) else "clear", why=WHY,
        sentence=_sentence(near, len(pairs), noun, (people, size, low, high)),
        short=f"{count(len(pairs))} near copies in two splits", severity=len(pairs),
        look=_look(pairs) if len(pairs) else "", evidence=(evidence,),
    )  # fmt: skip


def _sentence(near: Near, pairs: int, noun: str, people: tuple[int, int, float, float]) -> str:
    if not pairs:
        return (
            f"No {noun} outside training is a near copy of one in another split (turned, mirrored, "
            f"cropped, brightened, compressed or taken twice); the nearest pair is "
            f"{number(float(near.distance[near.distance >= 1].min(initial=np.inf)))} times as far "
            "apart as copies are."
        )
    part = interval(people[0] / people[1], people[2], people[3], "share")
    start = f"1 pair of {noun}s" if pairs == 1 else f"{count(pairs)} pairs of {noun}s"
    return (
        f"{start} in two splits {'is' if pairs == 1 else 'are'} nearly the same, though not "
        "identical (turned, mirrored, cropped, brightened, compressed or taken twice), of "
        f"{count(people[0])} of {count(people[1])} patients outside training ({part}); chance lets "
        f"expect fewer than 0.05 such pairs among {noun}s that only look alike."
    )


def _look(pairs: Ints) -> str:
    named = ", ".join(f"{a} and {b}" for a, b in pairs[:NAMED].tolist())
    return (
        f"Look at the closest pairs (rows of samples.parquet): {named}. Are they one patient? Join "
        "them by one patient column: subject in [data]."
    )
