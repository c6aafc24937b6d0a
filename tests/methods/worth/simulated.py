"""Experiments whose truth is known: a linear classifier that is given k n labels in place of n.

Both layers of sampling are there: each repetition draws its own labels, and all are judged on one
sample of test patients. The learner is real, so its curve is not of the family that is fitted.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from bedside.methods.worth.interval import Floats, Scores

FIELDS, SHARE, APART = 8, 0.3, 1.3
BUDGETS = np.array([25, 50, 100, 200, 400])


def experiment(
    rng: np.random.Generator, *, repetitions: int, worth: float | Literal["placebo"],
    measure: Literal["auroc", "brier"], patients: int = 400, resamples: int = 100,
) -> tuple[Scores, Scores]:  # fmt: skip
    """Base and lever; `placebo`: as many labels, of other patients."""
    factor = 1.0 if worth == "placebo" else float(worth)
    most = int(np.ceil(BUDGETS[-1] * (1 + max(factor, 1))))
    labels, fields = _drawn(rng, (repetitions, most))
    truth, judged = _drawn(rng, (patients,))
    counts = rng.multinomial(patients, np.full(patients, 1 / patients), size=resamples) - 1.0
    first = [np.arange(n) for n in BUDGETS]
    second = [_rows(n, most, worth) for n in BUDGETS]
    return tuple(  # type: ignore[return-value]
        _scores(np.stack([_fitted(fields[:, rows], labels[:, rows]) for rows in arm], axis=1),
                judged, truth, counts, measure)
        for arm in (first, second)
    )  # fmt: skip


def _drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    event = (rng.random(shape) < SHARE).astype(float)
    side = (2 * event - 1)[..., None] * APART / 2 / np.sqrt(FIELDS)
    fields = rng.normal(size=(*shape, FIELDS)) + side
    return event, np.concatenate([fields, np.ones((*shape, 1))], axis=-1)


def _rows(n: int, most: int, worth: float | str) -> np.ndarray:
    if worth == "placebo":
        return np.arange(most - n, most)
    extra = round((float(worth) - 1) * n)
    if extra < 0:
        return np.arange(-extra, n)  # the later part: the former is the base at its next budget
    return np.concatenate([np.arange(n), np.arange(most - extra, most)])


def _fitted(fields: Floats, labels: Floats) -> Floats:
    """Least squares on the labels, [R, P]: linear discriminant analysis but for its scale."""
    square = fields.transpose(0, 2, 1) @ fields + np.eye(fields.shape[2])
    return np.linalg.solve(square, np.einsum("rnp,rn->rp", fields, labels)[..., None])[..., 0]


def _scores(weights: Floats, judged: Floats, truth: Floats, counts: Floats, measure: str) -> Scores:
    """Linear in the patients (AUROC by its placements; DeLong et al., Biometrics 1988;44:837)."""
    said = weights @ judged.T
    seen, moved = (_brier if measure == "brier" else _auroc)(said, truth)
    return Scores(
        budgets=BUDGETS.astype(float), seen=seen,
        resampled=seen + np.moveaxis(moved @ counts.T, 2, 0),
    )  # fmt: skip


def _brier(said: Floats, truth: Floats) -> tuple[Floats, Floats]:
    lost = -np.square(np.clip(said, 0, 1) - truth)
    return lost.mean(axis=2), (lost - lost.mean(axis=2, keepdims=True)) / len(truth)


def _auroc(said: Floats, truth: Floats) -> tuple[Floats, Floats]:
    event = truth > 0
    seen, moved = np.empty(said.shape[:2]), np.zeros(said.shape)
    for at in np.ndindex(*seen.shape):
        with_, without = said[at][event], said[at][~event]
        above = np.searchsorted(np.sort(without), with_) / len(without)
        below = 1 - np.searchsorted(np.sort(with_), without) / len(with_)
        seen[at] = above.mean()
        moved[at][event] = (above - seen[at]) / len(with_)
        moved[at][~event] = (below - seen[at]) / len(without)
    return seen, moved
