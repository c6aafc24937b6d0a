"""How many labels to try: geometric budgets of patients, nested prefixes of one order of them.

A budget counts patients whose outcome somebody looked up, those that settings are chosen by and
training is stopped by included: every fourth of a prefix is kept for that. The other arms' extra
patients come from the far end of the same order, so they are never those of the prefix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Target
from bedside.core.randomness import stream
from bedside.methods.cases import Cases

Rows = NDArray[np.int64]
SELECT = 4
"""One in so many patients of a prefix is kept to choose by."""
FEWEST = 3
"""Budgets without which there is no curve."""
LEARNABLE = 2
"""Patients of each outcome that a model needs to learn from, whatever was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Budgets that can be tried, and why others cannot."""

    budgets: tuple[int, ...]
    """Patients, rising."""
    left_out: tuple[tuple[int, str], ...] = field(default=())
    """Budget and reason."""

    @property
    def enough(self) -> bool:
        """Whether there is a curve."""
        return len(self.budgets) >= FEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Labelled patients to draw from; build with `pool_of`."""

    cases: Cases
    shows: NDArray[np.bool_]
    """[S, K] whether some sample of a patient has each outcome; K is 1 where it is a number."""

    @property
    def patients(self) -> int:
        """S."""
        return len(self.shows)

    @property
    def classes(self) -> int:
        """How many outcomes there are; 1: a number."""
        return int(self.shows.shape[1])

    def rarest(self, subjects: Rows) -> int:
        """How many of some patients have the rarest outcome, in one sample at least."""
        return int(self.shows[subjects].sum(axis=0).min())

    def order(self, seed: int, repetition: int) -> Rows:
        """[S] the patients in the order of one repetition."""
        return stream(seed, repetition).permutation(self.patients)

    def rows(self, subjects: Rows) -> Cases:
        """The cases of some patients, in the order of the pool."""
        return self.cases.rows(np.isin(self.cases.subjects, subjects))


def pool_of(cases: Cases, target: Target) -> Pool:
    """The patients of `cases`, renumbered 0 to S - 1."""
    _, numbers = np.unique(cases.subjects, return_inverse=True)
    patients = int(numbers.max()) + 1 if len(numbers) else 0
    if target.type == "regression":
        shows = np.ones((patients, 1), bool)
    else:
        shows = np.zeros((patients, len(target.classes) or 2), bool)
        seen = cases.event if target.type == "survival" else cases.target
        known = np.isfinite(seen)
        shows[numbers[known], seen[known].astype(np.int64)] = True
    renumbered = Cases(
        arrays=cases.arrays, subjects=numbers.astype(np.int64), target=cases.target,
        duration=cases.duration, event=cases.event,
    )  # fmt: skip
    return Pool(cases=renumbered, shows=shows)


def parted(subjects: Rows) -> tuple[Rows, Rows]:
    """A prefix in two: patients to learn from, and patients to choose by."""
    chosen = np.arange(len(subjects)) % SELECT == SELECT - 1
    return subjects[~chosen], subjects[chosen]


def plan(
    pool: Pool, wanted: Sequence[int] = (), *, steps: int, fewest: int, seed: int, repetitions: int
) -> Plan:
    """Budgets `wanted`, or `steps` of them from half the pool downwards, each half of the next.

    Half, so that the control with as many labels again has somewhere to take them from. A budget
    with less than `fewest` expected patients of the rarest outcome is left out, as is one of which
    some repetition cannot learn.
    """
    half = pool.patients // 2
    asked = sorted(set(wanted)) or [half >> back for back in range(steps - 1, -1, -1)]
    share = pool.rarest(np.arange(pool.patients)) / max(pool.patients, 1)
    kept, left = [], []
    for budget in asked:
        reason = _against(pool, budget, share, fewest)
        reason = reason or _unlearnable(pool, budget, seed, repetitions)
        if reason:
            left.append((budget, reason))
        else:
            kept.append(budget)
    return Plan(budgets=tuple(kept), left_out=tuple(left))


def _against(pool: Pool, budget: int, share: float, fewest: int) -> str:
    if budget > pool.patients // 2:
        return f"more than half of the {pool.patients:,} labelled patients"
    expected = math.floor(budget * share)
    if pool.classes > 1 and expected < fewest:
        return f"{expected} expected with the rarest outcome, fewer than {fewest}"
    if budget < 2 * SELECT:
        return "too few patients to learn from and choose by"
    return ""


def _unlearnable(pool: Pool, budget: int, seed: int, repetitions: int) -> str:
    for repetition in range(repetitions):
        order = pool.order(seed, repetition)
        for prefix in (order[:budget], order[::-1][:budget]):
            if pool.rarest(parted(prefix)[0]) < LEARNABLE:
                return "an outcome is missing among the patients that a repetition would learn from"
    return ""
