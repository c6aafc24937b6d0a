"""Rows of mixed columns as points [N, E] for a network, and back.

A number becomes its normal score (one of few values has a point for each); where it has gaps, a
second coordinate says whether it is one, and the score of a gap is noise. A category of two values
is one coordinate of -1 or 1, of more one a value ("analog bits", Chen, Zhang and Hinton, ICLR
2023). What never varies has no coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.methods.synthesis.marginal import Atoms, Numbers, atoms_of, numbers_of
from bedside.methods.synthesis.mixed import Mixed, Values

Points = NDArray[np.float32]
MOST_ATOMS = 20
"""A number of so few values has a point for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPart:
    """Coordinates of a numeric column: its score where it varies, its gaps where it has some."""

    numbers: Numbers | Atoms | None
    """None: it is always missing."""
    varies: bool
    gaps: bool

    @property
    def width(self) -> int:
        """How many coordinates."""
        return int(self.varies) + int(self.gaps)

    def points(self, values: Values, rng: np.random.Generator) -> list[Values]:
        """Coordinates of values [N]."""
        found, known = [], ~np.isnan(values)
        if self.varies and self.numbers is not None:
            scores = rng.standard_normal(len(values))
            scores[known] = self.numbers.scores(values[known], rng.random(int(known.sum())))
            found.append(scores)
        if self.gaps:
            found.append(np.where(known, -1.0, 1.0))
        return found

    def values(self, points: Values) -> Values:
        """Values [N] of coordinates [N, width]."""
        if self.numbers is None:
            return np.full(len(points), np.nan)
        scores = points[:, 0] if self.varies else np.zeros(len(points))
        values = self.numbers.values(scores)
        if self.gaps:
            values[points[:, -1] > 0] = np.nan
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePart:
    """Coordinates of a category column with these codes."""

    codes: Values

    @property
    def width(self) -> int:
        """How many coordinates: none for one code, one for two."""
        return len(self.codes) if len(self.codes) > 2 else len(self.codes) - 1

    def points(self, values: Values, rng: np.random.Generator) -> list[Values]:  # noqa: ARG002  # one form for both
        """Coordinates of codes [N]."""
        chosen = self.codes[-self.width :] if self.width else ()
        return [np.where(values == code, 1.0, -1.0) for code in chosen]

    def values(self, points: Values) -> Values:
        """Codes [N] of coordinates [N, width]."""
        if self.width == 0:
            return np.full(len(points), self.codes[0])
        place = (points[:, 0] > 0).astype(np.int64) if self.width == 1 else points.argmax(axis=1)
        return np.asarray(self.codes[place], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Of all columns, one part each."""

    parts: tuple[NumberPart | CodePart, ...]

    @property
    def width(self) -> int:
        """E."""
        return sum(part.width for part in self.parts)

    def points(self, mixed: Mixed, rng: np.random.Generator) -> Points:
        """[N, E]; ties and gaps by `rng`."""
        found = [
            points
            for part, values in zip(self.parts, mixed.values.T, strict=True)
            for points in part.points(values, rng)
        ]
        if not found:
            return np.zeros((len(mixed), 0), np.float32)
        return np.stack(found, axis=1).astype(np.float32)

    def values(self, points: Points) -> Values:
        """[N, D] of points [N, E]."""
        values, at = np.empty((len(points), len(self.parts))), 0
        for column, part in enumerate(self.parts):
            values[:, column] = part.values(points[:, at : at + part.width].astype(np.float64))
            at += part.width
        return values


def encoding_of(mixed: Mixed) -> Encoding:
    """The encoding that the rows ask for."""
    return Encoding(parts=tuple(_part(mixed, at) for at in range(len(mixed.columns))))


def _part(mixed: Mixed, at: int) -> NumberPart | CodePart:
    values = mixed.values[:, at]
    if mixed.columns[at].kind == "category":
        return CodePart(codes=np.unique(values))
    numbers = numbers_of(values, mixed.columns[at])
    if numbers is None:
        return NumberPart(numbers=None, varies=False, gaps=False)
    varies = bool(numbers.ordered[0] < numbers.ordered[-1])
    gaps = bool(np.isnan(values).any())
    if len(np.unique(numbers.ordered)) <= MOST_ATOMS:
        return NumberPart(numbers=atoms_of(numbers), varies=varies, gaps=gaps)
    return NumberPart(numbers=numbers, varies=varies, gaps=gaps)
