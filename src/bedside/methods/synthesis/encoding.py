"""Rows of mixed columns as points [N, E] for a network, and back.

A number becomes its normal score (one of few values has a point for each); where it has gaps, a
second coordinate says whether it is one, and the score of a gap is noise. A category of two values
is one coordinate of -1 or 1, of more one a value ("analog bits", Chen, Zhang and Hinton, ICLR
2023). What never varies, or follows from other columns, has no coordinate. What a network made is
brought to the distribution of each coordinate before it is read (`Encoding.calibrated`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bedside.methods.synthesis.calibration import Curve, curve_of, lifts_of
from bedside.methods.synthesis.derived import Derived, derived_of
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
    score_curve: Curve | None = None
    gap_curve: Curve | None = None

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
        values = self.numbers.values(_mapped(self.score_curve, scores))
        values[self._gap(points)] = np.nan
        return values

    def calibrated(self, drawn: Values, wanted: Values) -> NumberPart:
        """Coordinates [M, width] that a network made are read as those of the rows [N, width]."""
        part = self
        if self.gaps:
            part = replace(part, gap_curve=curve_of(drawn[:, -1], wanted[:, -1]))
        if self.varies:
            known = drawn[~part._gap(drawn), 0], wanted[~self._gap(wanted), 0]
            part = replace(part, score_curve=curve_of(*known))
        return part

    def _gap(self, points: Values) -> NDArray[np.bool_]:
        if not self.gaps:
            return np.zeros(len(points), np.bool_)
        return np.asarray(_mapped(self.gap_curve, points[:, -1]) > 0, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePart:
    """Coordinates of a category column with these codes."""

    codes: Values
    curve: Curve | None = None
    """Of two codes."""
    lifts: Values | None = None
    """Of more."""

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
        return np.asarray(self.codes[self._places(points)], np.float64)

    def calibrated(self, drawn: Values, wanted: Values) -> CodePart:
        """Coordinates [M, width] that a network made are read as those of the rows [N, width]."""
        if self.width == 1:
            return replace(self, curve=curve_of(drawn[:, 0], wanted[:, 0]))
        return replace(self, lifts=lifts_of(drawn, self._places(wanted))) if self.width else self

    def _places(self, points: Values) -> NDArray[np.int64]:
        if self.width == 1:
            return (_mapped(self.curve, points[:, 0]) > 0).astype(np.int64)
        lifted = points if self.lifts is None else points + self.lifts
        return np.asarray(lifted.argmax(axis=1), np.int64)


NOTHING = CodePart(codes=np.zeros(1))
"""Of a column that follows from others: no coordinate; its values come after the others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Of all columns, one part each."""

    parts: tuple[NumberPart | CodePart, ...]
    derived: tuple[Derived, ...] = ()
    """In the order in which they are reckoned."""

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
        values = np.empty((len(points), len(self.parts)))
        for column, (part, own) in enumerate(zip(self.parts, self._split(points), strict=True)):
            values[:, column] = part.values(own)
        for derived in self.derived:
            values[:, derived.at] = derived.values(values)
        return values

    def calibrated(self, drawn: Points, wanted: Points) -> Encoding:
        """Points [M, E] that a network made are read as if spread like those of the rows [N, E]."""
        blocks = zip(self.parts, self._split(drawn), self._split(wanted), strict=True)
        return replace(
            self, parts=tuple(part.calibrated(ours, real) for part, ours, real in blocks)
        )

    def _split(self, points: Points) -> list[Values]:
        """[N, width] for each part."""
        ends = np.cumsum([part.width for part in self.parts])[:-1]
        return np.split(points.astype(np.float64), ends, axis=1)[: len(self.parts)]


def encoding_of(mixed: Mixed) -> Encoding:
    """The encoding that the rows ask for."""
    derived = derived_of(mixed)
    follow = {one.at for one in derived}
    parts = (NOTHING if at in follow else _part(mixed, at) for at in range(len(mixed.columns)))
    return Encoding(parts=tuple(parts), derived=derived)


def _mapped(curve: Curve | None, values: Values) -> Values:
    return values if curve is None else curve.mapped(values)


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
    return NumberPart(numbers=numbers.smoothed(), varies=varies, gaps=gaps)
