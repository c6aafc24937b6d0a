"""A Gaussian copula: the floor. Each column keeps its own distribution, pairs a correlation.

Nelsen, An Introduction to Copulas (2006); ties and categories by the randomised distribution
function (Rüschendorf 2009). A column with gaps has a second one that says where they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.core.randomness import stream
from bedside.methods.synthesis.marginal import Codes, Numbers, codes_of, numbers_of
from bedside.methods.synthesis.mixed import Mixed, Values, require_rows

RIDGE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """Of one column: its numbers or codes, and its gaps where it has any."""

    column: int
    part: Numbers | Codes | None
    """None: every value is missing."""
    gaps: Codes | None

    @property
    def width(self) -> int:
        """How many scores it has."""
        return (self.part is not None) + (self.gaps is not None)

    def scores(self, values: Values, rng: np.random.Generator) -> list[Values]:
        """Normal scores of the column's values [N]; a gap has a random one."""
        found = []
        if self.part is not None:
            scores, known = rng.standard_normal(len(values)), ~np.isnan(values)
            scores[known] = self.part.scores(values[known], rng.random(int(known.sum())))
            found.append(scores)
        if self.gaps is not None:
            gaps = np.isnan(values).astype(np.float64)
            found.append(self.gaps.scores(gaps, rng.random(len(values))))
        return found

    def values(self, scores: Values) -> Values:
        """Values [N] of scores [N, width]."""
        if self.part is None:
            return np.full(len(scores), np.nan)
        values = self.part.values(scores[:, 0])
        if self.gaps is not None:
            values[self.gaps.values(scores[:, 1]) > 0] = np.nan
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Copula:
    """Fitted; `factor` [E, E] is the Cholesky factor of the correlation of the scores."""

    margins: tuple[Margin, ...]
    factor: Values

    def draw(self, count: int, rng: np.random.Generator) -> Values:
        """`count` new rows [count, D]."""
        scores = rng.standard_normal((count, len(self.factor))) @ self.factor.T
        values, at = np.empty((count, len(self.margins))), 0
        for margin in self.margins:
            values[:, margin.column] = margin.values(scores[:, at : at + margin.width])
            at += margin.width
        return values


def margin_of(mixed: Mixed, column: int) -> Margin:
    """How a column becomes scores."""
    values, about = mixed.values[:, column], mixed.columns[column]
    if about.kind == "category":
        return Margin(column=column, part=codes_of(values), gaps=None)
    part, gaps = numbers_of(values, about), np.isnan(values)
    some = part is not None and bool(gaps.any())
    return Margin(
        column=column, part=part, gaps=codes_of(gaps.astype(np.float64)) if some else None
    )


def fit_copula(mixed: Mixed, *, seed: int) -> Copula:
    """The copula of the rows.

    Raises DataError where there are too few.
    """
    require_rows(len(mixed))
    rng = stream(seed, 1)
    margins = tuple(margin_of(mixed, at) for at in range(len(mixed.columns)))
    scores = [
        part for margin in margins for part in margin.scores(mixed.values[:, margin.column], rng)
    ]
    if not scores:
        return Copula(margins=margins, factor=np.zeros((0, 0)))
    score_NE = np.stack(scores, axis=1)
    score_NE = (score_NE - score_NE.mean(axis=0)) / np.maximum(score_NE.std(axis=0), RIDGE)
    correlation = score_NE.T @ score_NE / len(score_NE) + RIDGE * np.eye(len(scores))
    size = np.sqrt(np.diag(correlation))
    return Copula(margins=margins, factor=np.linalg.cholesky(correlation / np.outer(size, size)))
