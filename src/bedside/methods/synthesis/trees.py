"""Sequential trees: each column by a tree on the columns before it. A preview in under a second.

The idea of synthpop (Nowok, Raab and Dibben, J Stat Softw 2016). A number is drawn between two
neighbours of its leaf instead of copied from one patient; for the same reason leaves are large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from bedside.methods.synthesis.grid import Grid, grid_of
from bedside.methods.synthesis.mixed import Mixed, Values, require_rows

Tree = Any  # scikit-learn has no types: DecisionTreeClassifier or DecisionTreeRegressor
LEAST_IN_LEAF, MOST_IN_LEAF = 5, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """A tree, and what was in its leaves: `ordered` by leaf, and within a leaf by value."""

    tree: Tree | None
    """None: one leaf holds all."""
    ordered: Values
    start: NDArray[np.int64]
    """[nodes] where a node's values begin; those of a leaf are together."""
    count: NDArray[np.int64]

    def draw(self, before: Values, uniform: Values, *, between: bool) -> Values:
        """One value for each row of `before` [M, j]: one of its leaf's, or between two of them."""
        leaf = np.zeros(len(before), np.int64)
        if self.tree is not None:
            leaf = self.tree.apply(before.astype(np.float32)).astype(np.int64)
        start, count = self.start[leaf], self.count[leaf]
        if not between:
            return self.ordered[start + np.minimum((uniform * count).astype(np.int64), count - 1)]
        place = uniform * (count - 1)
        low = np.minimum(place.astype(np.int64), count - 1)
        high = np.minimum(low + 1, count - 1)
        below, above = self.ordered[start + low], self.ordered[start + high]
        return np.asarray(below + (above - below) * (place - low), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How one column is drawn."""

    gaps: Leaves | None
    """1 where the value is missing; None: it never is."""
    values: Leaves | None
    """None: it always is."""
    grid: Grid | None
    """None: a category."""

    def draw(self, before: Values, rng: np.random.Generator) -> Values:
        """Values for rows of which the columns `before` [M, j] are drawn."""
        if self.values is None:
            return np.full(len(before), np.nan)
        between = self.grid is not None and not self.grid.few
        found = self.values.draw(before, rng.random(len(before)), between=between)
        if self.grid is not None:
            found = self.grid.snapped(found)
        if self.gaps is not None:
            missing = self.gaps.draw(before, rng.random(len(before)), between=False)
            found[missing > 0] = np.nan
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Fitted; a step for each column, in their order."""

    steps: tuple[Step, ...]

    def draw(self, count: int, rng: np.random.Generator) -> Values:
        """`count` new rows [count, D]."""
        values = np.empty((count, len(self.steps)))
        for at, step in enumerate(self.steps):
            values[:, at] = step.draw(values[:, :at], rng)
        return values


def fit_trees(mixed: Mixed, *, seed: int) -> Sequence:
    """A tree for each column of the rows.

    Raises DataError where there are too few.
    """
    require_rows(len(mixed))
    least = int(np.clip(len(mixed) // 100, LEAST_IN_LEAF, MOST_IN_LEAF))

    def grown(kind: Callable[..., Tree], before: Values, values: Values) -> Leaves:
        return _leaves(kind(min_samples_leaf=least, random_state=seed), before, values)

    return Sequence(steps=tuple(_step(mixed, at, grown) for at in range(len(mixed.columns))))


def _step(mixed: Mixed, at: int, grown: Callable[..., Leaves]) -> Step:
    before, values = mixed.values[:, :at], mixed.values[:, at]
    if mixed.columns[at].kind == "category":
        return Step(gaps=None, values=grown(DecisionTreeClassifier, before, values), grid=None)
    known = ~np.isnan(values)
    if not known.any():
        return Step(gaps=None, values=None, grid=None)
    gaps = None
    if not known.all():
        gaps = grown(DecisionTreeClassifier, before, (~known).astype(np.float64))
    return Step(
        gaps=gaps, values=grown(DecisionTreeRegressor, before[known], values[known]),
        grid=grid_of(values[known], mixed.columns[at]),
    )  # fmt: skip


def _leaves(tree: Tree, before: Values, values: Values) -> Leaves:
    if not before.shape[1] or (values == values[0]).all():
        return Leaves(
            tree=None, ordered=np.sort(values), start=np.zeros(1, np.int64),
            count=np.array([len(values)]),
        )  # fmt: skip
    features = before.astype(np.float32)
    leaf = tree.fit(features, values).apply(features)
    order = np.lexsort((values, leaf))
    count = np.bincount(leaf, minlength=tree.tree_.node_count)
    return Leaves(
        tree=tree, ordered=values[order], count=count.astype(np.int64),
        start=(np.cumsum(count) - count).astype(np.int64),
    )  # fmt: skip
