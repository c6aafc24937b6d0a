"""Experiments whose truth is known: a linear classifier that is given k n labels in place of n.

Both layers of sampling are there: each repetition draws its own labels, and all are judged on one
sample of test patients. The learner is real, so its curve is not of the family that is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from bedside.methods.worth.interval import Floats, Scores

FIELDS, SHARE, APART = 8, 0.3, 1.3
BUDGETS = (25, 50, 100, 200, 400)


Worth = float | Literal["placebo"]


def experiment(
    rng: np.random.Generator, *, repetitions: int, worth: Worth,
    measure: Literal["auroc", "brier"], patients: int = 400, resamples: int = 100,
) -> tuple[Scores, Scores]:  # fmt: skip
    """Base and lever; `placebo`: as many labels, of other patients."""
    base, lever = experiments(
        rng, (worth,), repetitions=repetitions, measure=measure, patients=patients,
        resamples=resamples,
    )  # fmt: skip
    return base, lever


def experiments(
    rng: np.random.Generator, worths: Sequence[Worth], *, repetitions: int,
    measure: Literal["auroc", "brier"], patients: int = 400, resamples: int = 100,
    budgets: Sequence[int] = BUDGETS,
) -> list[Scores]:  # fmt: skip
    """Base and several levers of one sweep."""
    largest = max([1.0, *(float(worth) for worth in worths if worth != "placebo")])
    most = int(np.ceil(budgets[-1] * (1 + largest)))
    labels, fields = _drawn(rng, (repetitions, most))
    truth, judged = _drawn(rng, (patients,))
    counts = rng.multinomial(patients, np.full(patients, 1 / patients), size=resamples) - 1.0
    arms = [[np.arange(n) for n in budgets]]
    arms += [[_rows(n, most, worth) for n in budgets] for worth in worths]
    fitted = [
        np.stack([_fitted(fields[:, rows], labels[:, rows]) for rows in arm], axis=1)
        for arm in arms
    ]
    return [_scores(weights, judged, truth, counts, measure, budgets) for weights in fitted]


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


def _scores(
    weights: Floats, judged: Floats, truth: Floats, counts: Floats, measure: str,
    budgets: Sequence[int],
) -> Scores:  # fmt: skip
    """Linear in the patients (AUROC by its placements; DeLong et al., Biometrics 1988;44:837)."""
    said = weights @ judged.T
    seen, moved = (_brier if measure == "brier" else _auroc)(said, truth)
    return Scores(
        budgets=np.array(budgets, float), seen=seen,
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
