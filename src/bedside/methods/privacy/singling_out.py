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
from bedside.methods.synthesis.mixed import Mixed, Values

ATTEMPTS = 1000
BAND = 0.01
"""Half of the band of a number, by rank."""
MOST_COLUMNS = 6


def singling_out(people: People, released: Mixed, *, seed: int) -> Found:
    """Successes of the attempts, among members and among as many others, told by patient.

    Whether a description fits exactly one depends on all, so a patient's value is what all attempts
    succeed in, and by how much they would do so more or less often without this patient: the mean
    is the share of successes, and the spread is the jackknife's (Efron and Stein 1981).
    """
    space, rng = people.space(), stream(seed, 7)
    asked = _attempts(released, rng)
    size = min(len(np.unique(patients)) for patients in people.patients)
    sides = [_some(mixed, size, rng) for mixed in (people.members, people.others)]
    members, others = (_by_patient(_fitting(space, released, some, asked)) for some in sides)
    names = np.arange(size)
    return Found(
        name="singling_out", kind="successes", by_patient=False, members=members, others=others,
        patients=(names, names),
    )  # fmt: skip


def _some(mixed: Mixed, size: int, rng: np.random.Generator) -> Mixed:
    """All rows of so many patients, in their order."""
    chosen = rng.permutation(np.unique(mixed.patients))[:size]
    rows = np.flatnonzero(np.isin(mixed.patients, chosen))
    return mixed.rows(rows[np.argsort(mixed.patients[rows], kind="stable")])


def _by_patient(fits: NDArray[np.bool_]) -> Values:
    """[P] of which patients [T, P] each attempt's description fits."""
    how_many = fits.sum(axis=1)
    lost, won = (fits[how_many == count].sum(axis=0) for count in (1, 2))
    change = (lost - won) * fits.shape[1] / len(fits)
    return np.asarray((how_many == 1).mean() + change - change.mean(), np.float64)


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
) -> NDArray[np.bool_]:  # fmt: skip
    """[T, P] which patients each description fits, by any of their rows."""
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
    first = np.unique(mixed.patients, return_index=True)[1]
    return np.asarray(np.logical_or.reduceat(fits, first, axis=1), np.bool_)
