"""From fields with gaps to the columns of a linear model: filled, marked, standardised.

Everything learned here is part of the model and is exported with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.methods.tabular_inputs import Floats, Inputs

REACH = 10.0
"""Standardised values end here: farther out than ten standard deviations is as far as ten."""
MOST_LEVELS = 64
"""Levels of one field that get a column; rarer ones are read as the average patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How numbers are filled and standardised, per numeric field [P]."""

    fill: Floats
    """Median of the training samples; 0 for a column that was always missing."""
    mean: Floats
    scale: Floats
    """One over the standard deviation; 1 for a constant column."""

    def standardise(self, numeric_NP: Floats) -> Floats:
        """[N, P] without gaps, within ten standard deviations of the mean."""
        filled = np.where(np.isnan(numeric_NP), self.fill, numeric_NP)
        with np.errstate(over="ignore"):
            scaled = (filled - self.mean) * self.scale
        return np.asarray(np.clip(scaled, -REACH, REACH), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Columns of a linear model: P standardised numbers, P marks of absence, L levels."""

    scaling: Scaling
    cardinalities: tuple[int, ...]
    level_column: NDArray[np.int64]
    """[sum of cardinality + 1] the column of each level of each field, missing first; or -1."""

    @property
    def columns(self) -> int:
        """2 P + L."""
        return 2 * len(self.scaling.fill) + int((self.level_column >= 0).sum())

    @property
    def offsets(self) -> NDArray[np.int64]:
        """[C] where the levels of each field start."""
        return level_offsets(self.cardinalities)

    def matrix(self, inputs: Inputs) -> NDArray[np.float64]:
        """[N, 2 P + L]."""
        missing_NP = np.isnan(inputs.numeric)
        column_NC = self.level_column[inputs.known_codes() + self.offsets]
        levels = self.columns - 2 * missing_NP.shape[1]
        level_NL = np.zeros((len(inputs), levels))
        row, field = np.nonzero(column_NC >= 0)
        level_NL[row, column_NC[row, field]] = 1.0
        return np.concatenate(
            [self.scaling.standardise(inputs.numeric), missing_NP, level_NL],
            axis=1,
            dtype=np.float64,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A linear score of a design; native float32 arithmetic, as in the exported graph."""

    design: Design
    numeric: Floats
    """[P, K] weight of each standardised number."""
    missing: Floats
    """[P, K] weight of each absence."""
    level: Floats
    """[sum of cardinality + 1, K] weight of each level; 0 where a level has no column."""
    bias: Floats
    """[K]"""

    @property
    def parameters(self) -> int:
        """Weights of the columns that exist, and the biases."""
        return (self.design.columns + 1) * len(self.bias)

    def __call__(self, inputs: Inputs) -> Floats:
        """[N, K]"""
        score = self.design.scaling.standardise(inputs.numeric) @ self.numeric
        score += np.isnan(inputs.numeric).astype(np.float32) @ self.missing
        if inputs.codes.shape[1]:
            score += self.level[inputs.known_codes() + self.design.offsets].sum(axis=1)
        return score + self.bias


def level_offsets(cardinalities: tuple[int, ...]) -> NDArray[np.int64]:
    """[C] where the levels of each field start when all fields' levels lie one after the other."""
    sizes = [cardinality + 1 for cardinality in cardinalities]
    return np.cumsum([0, *sizes[:-1]], dtype=np.int64)[: len(sizes)]


def fit_scaling(numeric_NP: Floats) -> Scaling:
    """Medians, means and standard deviations of what is there."""
    fill, mean, scale = [], [], []
    for column in numeric_NP.T.astype(np.float64):
        seen = column[np.isfinite(column)]
        spread = float(seen.std()) if len(seen) else 0.0
        fill.append(float(np.median(seen)) if len(seen) else 0.0)
        mean.append(float(seen.mean()) if len(seen) else 0.0)
        scale.append(1.0 / spread if spread > 1e-6 * abs(mean[-1]) + 1e-30 else 1.0)
    return Scaling(
        fill=np.array(fill, np.float32),
        mean=np.array(mean, np.float32),
        scale=np.array(scale, np.float32),
    )


def fit_design(inputs: Inputs) -> Design:
    """Learn the columns from training samples."""
    columns, free = [], 0
    for field, cardinality in enumerate(inputs.cardinalities):
        counts = np.bincount(inputs.known_codes()[:, field], minlength=cardinality + 1)
        frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
        kept = np.sort(frequent[counts[frequent] > 0])
        column = np.full(cardinality + 1, -1, np.int64)
        column[kept] = free + np.arange(len(kept))
        free += len(kept)
        columns.append(column)
    return Design(
        scaling=fit_scaling(inputs.numeric), cardinalities=inputs.cardinalities,
        level_column=np.concatenate([np.zeros(0, np.int64), *columns]),
    )  # fmt: skip


def score_of(design: Design, weight_DK: NDArray[np.float64], bias_K: NDArray[np.float64]) -> Score:
    """Lay fitted weights out by field and level."""
    fields = len(design.scaling.fill)
    level = np.concatenate([weight_DK[2 * fields :], np.zeros((1, weight_DK.shape[1]))])
    return Score(
        design=design,
        numeric=weight_DK[:fields].astype(np.float32),
        missing=weight_DK[fields : 2 * fields].astype(np.float32),
        level=level[design.level_column].astype(np.float32),
        bias=bias_K.astype(np.float32),
    )
