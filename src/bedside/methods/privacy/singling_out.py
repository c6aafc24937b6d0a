"""Singling out: does a description taken from a released row fit exactly one member?

Giomi et al., PoPETs 2023. A description is some columns of one released row, numbers by a narrow
band. What fits exactly one of as many others is chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.core.randomness import stream
from bedside.methods.privacy.people import Found, People
from bedside.methods.privacy.space import Space
from bedside.methods.synthesis.mixed import Mixed

ATTEMPTS = 1000
BAND = 0.01
"""Half of the band of a number, by rank."""
MOST_COLUMNS = 6


def singling_out(people: People, released: Mixed, *, seed: int) -> Found:
    """Successes of each attempt, among members and among as many others."""
    space, size = people.space(), min(len(people.members), len(people.others))
    rng = stream(seed, 7)
    asked = _attempts(released, rng)
    some = people.members.rows(rng.permutation(len(people.members))[:size])
    fits = [
        _fitting(space, released, mixed, asked) == 1
        for mixed in (some, people.others.rows(np.arange(size)))
    ]
    return Found(
        name="singling_out", kind="successes", by_patient=False,
        members=fits[0].astype(np.float64), others=fits[1].astype(np.float64),
    )  # fmt: skip


def _attempts(
    released: Mixed, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which released row [T], and which of its columns [T, D]."""
    width = len(released.columns)
    rows = rng.integers(0, len(released), ATTEMPTS)
    order = rng.random((ATTEMPTS, width)).argsort(axis=1)
    return rows, order < min(MOST_COLUMNS, width)


def _fitting(
    space: Space, released: Mixed, mixed: Mixed,
    asked: tuple[NDArray[np.int64], NDArray[np.bool_]],
) -> NDArray[np.int64]:  # fmt: skip
    """[T] how many people each description fits."""
    rows, chosen = asked
    fits = np.ones((len(rows), len(mixed)), np.bool_)
    for at, numeric in enumerate(space.numeric):
        told, held = released.values[rows, at], mixed.values[:, at]
        if numeric:
            apart = np.abs(space.ranks(told, at)[:, None] - space.ranks(held, at))
            same = apart <= BAND
        else:
            same = told[:, None] == held
        fits &= same | ~chosen[:, at, None]
    return np.asarray(fits.sum(axis=1), np.int64)
