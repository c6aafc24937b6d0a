"""The tune patients in two halves: one to choose by, one to calibrate on, by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset
from bedside.methods.multilabel import strata_of
from bedside.methods.splits import assign, draw

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """Row numbers of the two halves; no subject is in both."""

    select: Rows
    """Early stopping, choice of settings, choice among models."""
    calibrate: Rows
    """Calibrator, threshold, conformal sets, novelty limit."""


def halve(rows: Rows, subjects: Sequence[str], strata: NDArray[np.int64], seed: int) -> Halves:
    """Halves of `rows` [N], whose `subjects` [N] and outcome classes `strata` [N] are given.

    A subject's draw is a function of (seed, name); within each class (a subject's highest) the
    halves are equal to one subject.
    """
    names, index = np.unique(np.asarray(subjects, dtype=str), return_inverse=True)
    highest = np.full(len(names), np.iinfo(np.int64).min)
    np.maximum.at(highest, index, strata)
    number = draw([str(name) for name in names], seed, "halves")
    chosen = assign(number, 0.5, 0.0, highest) == "tune"
    return Halves(select=rows[chosen[index]], calibrate=rows[~chosen[index]])


def halves_of(dataset: Dataset, seed: int) -> Halves:
    """The halves of a data set's tune rows, by outcome class where the outcome has classes."""
    rows = dataset.rows("tune")
    samples = dataset.samples[rows]
    strata = np.zeros(len(rows), np.int64)
    if dataset.schema.target.type != "regression":
        strata = strata_of(samples, dataset.schema.target)
    return halve(rows, samples["subject"].to_list(), strata, seed)
