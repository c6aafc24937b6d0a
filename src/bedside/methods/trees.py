"""Gradient-boosted trees (scikit-learn's histogram boosting), and the same trees as plain arrays.

Gaps are an answer of their own at each split. A field of up to `MOST_COLUMNS` categories gets one
column a category; a larger one is ordered by code, missing first. Survival in discrete time: one
row for each interval in which a subject was at risk, the interval as the last column.

Ke et al., NeurIPS 2017 (LightGBM), which scikit-learn follows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from bedside.methods.outcome import Outcome, curve
from bedside.methods.tabular_inputs import Floats, Inputs, Values

Boosting = Any  # scikit-learn has no types: HistGradientBoostingClassifier or ...Regressor
Link = Literal["sigmoid", "softmax", "identity", "hazard"]
LINKS: dict[str, Link] = {
    "binary": "sigmoid",
    "multiclass": "softmax",
    "regression": "identity",
    "survival": "hazard",
}
MOST_COLUMNS = 24
MOST_TREES = 300
FEW_TREES = 50
"""Trees where there is nobody to stop by."""
NEVER = -1e9
"""Score whose softmax is exactly 0."""
PATIENCE = 15
"""Trees added without a gain on `select` before boosting stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSettings:
    """What is tuned."""

    rate: float = 0.08
    """Learning rate."""
    leaves: int = 12
    """At most so many leaves a tree."""
    leaf_samples: int = 20
    """At least so many samples a leaf."""
    shrinkage: float = 1.0
    """L2 penalty of the leaf values."""
    trees: int = 0
    """A fixed number of trees; 0 stops by the score on `select`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of the trees stand for: numbers, then categories, then the interval.

    A column that held nothing in training is left out.
    """

    numeric: NDArray[np.int64]
    """[O] the numeric field of each of the first columns."""
    field: NDArray[np.int64]
    """[Q] the category field of each column."""
    code: NDArray[np.int64]
    """[Q] the code for which the column is 1; -1 where the column is the code itself."""

    def matrix(self, inputs: Inputs) -> Floats:
        """[N, O + Q] float32, NaN where a number is missing."""
        code_NQ = inputs.known_codes()[:, self.field]
        column_NQ = np.where(self.code < 0, code_NQ, code_NQ == self.code)
        return np.concatenate(
            [inputs.numeric[:, self.numeric], column_NQ], axis=1, dtype=np.float32
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """All nodes of all trees; node 0 of a tree is its root.

    A sample goes left where its column is at most the threshold, or missing and `missing_left`.
    """

    tree: NDArray[np.int64]
    output: NDArray[np.int64]
    """The output (class) that the tree of the node adds to."""
    node: NDArray[np.int64]
    """Number of the node within its tree."""
    column: NDArray[np.int64]
    threshold: Floats
    """Rounded down to float32, which leaves every decision on a float32 number as it was."""
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    leaf: NDArray[np.bool_]
    value: Floats
    """What a leaf adds."""
    base: Floats
    """[K] what the sum starts from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeModel:
    """Boosting as fitted, cut to the number of trees that scored best."""

    boosting: Boosting
    columns: Columns
    trees: int
    link: Link
    intervals: int = 0
    """Survival: how many intervals; else 0."""
    width: int = 1

    @property
    def parameters(self) -> int:
        """Thresholds and leaf values."""
        return len(self.forest().value)

    def predict(self, inputs: Inputs) -> Values:
        """`value` [N, K], by scikit-learn's own prediction."""
        if not len(inputs):
            return np.zeros((0, self.width))
        matrix_NQ = self.columns.matrix(inputs)
        if self.link == "hazard":
            periods = np.arange(self.intervals, dtype=np.float32)
            hazard = self._staged(_periods(matrix_NQ, periods))[:, 1]
            return curve(hazard.reshape(len(inputs), self.intervals))
        value = self._staged(matrix_NQ)
        if self.link == "sigmoid":
            return value[:, 1:]
        if self.link == "identity":
            return value.reshape(-1, 1)
        return _spread(value, self.boosting.classes_, self.width)

    def forest(self) -> Forest:
        """The trees in use, as arrays."""
        grown = _forest(self.boosting, self.trees)
        return (
            _by_class(grown, self.boosting.classes_, self.width)
            if self.link == "softmax"
            else grown
        )

    def _staged(self, matrix_NQ: Floats) -> NDArray[np.float64]:
        predict = getattr(self.boosting, "staged_predict_proba", self.boosting.staged_predict)
        return np.asarray(next(islice(predict(matrix_NQ), self.trees - 1, None)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTrees:
    """A boosting a label over the same columns, as one forest with K outputs."""

    labels: tuple[TreeModel, ...]
    link: Link = "sigmoid"
    intervals: int = 0

    @property
    def columns(self) -> Columns:
        """Those of every label."""
        return self.labels[0].columns

    @property
    def trees(self) -> int:
        """Of the label that has most."""
        return max(model.trees for model in self.labels)

    @property
    def parameters(self) -> int:
        """Thresholds and leaf values."""
        return sum(model.parameters for model in self.labels)

    def predict(self, inputs: Inputs) -> Values:
        """`value` [N, K]."""
        return np.concatenate([model.predict(inputs) for model in self.labels], axis=1)

    def forest(self) -> Forest:
        """All trees, numbered on; those of label k add to output k."""
        grown = [model.forest() for model in self.labels]
        starts = np.cumsum([0, *(int(forest.tree.max()) + 1 for forest in grown)])
        parts = [
            replace(forest, tree=forest.tree + starts[k], output=np.full_like(forest.output, k))
            for k, forest in enumerate(grown)
        ]
        return Forest(**{
            item.name: np.concatenate([getattr(part, item.name) for part in parts])
            for item in fields(Forest)
        })  # fmt: skip


def fit_trees(
    train: tuple[Inputs, Outcome],
    select: tuple[Inputs, Outcome],
    settings: TreeSettings,
    *,
    seed: int,
) -> TreeModel | LabelTrees:
    """Boost on `train`, stop by the score on `select`, keep the trees up to the best.

    Of several labels each by itself, on those in whom it was observed.
    """
    columns = _columns(train[0])
    if train[1].task != "multilabel":
        return _fit_on(columns, train, select, settings, seed=seed)
    labels = range(train[1].width)
    pairs = [((train[0], train[1].label(k)), (select[0], select[1].label(k))) for k in labels]
    return LabelTrees(
        labels=tuple(_fit_on(columns, one, other, settings, seed=seed) for one, other in pairs)
    )


def _fit_on(
    columns: Columns,
    train: tuple[Inputs, Outcome],
    select: tuple[Inputs, Outcome],
    settings: TreeSettings,
    *,
    seed: int,
) -> TreeModel:
    train[1].require_learnable()
    task, width = train[1].task, train[1].width
    matrix, target, weights = _rows(train, columns)
    checked = _rows(select, columns)
    if task == "multiclass":  # a class that training never saw has no column in the boosting
        known = np.isin(checked[1], target)
        checked = checked[0][known], checked[1][known], checked[2][known]
    stopping = not settings.trees and len(checked[1]) > 0
    boosting = _boosting(task, settings, seed=seed, stopping=stopping)
    if stopping:
        boosting.fit(
            matrix, target, sample_weight=weights,
            X_val=checked[0], y_val=checked[1], sample_weight_val=checked[2],
        )  # fmt: skip
    else:
        boosting.fit(matrix, target, sample_weight=weights)
    best = int(np.argmax(boosting.validation_score_)) if stopping else boosting.n_iter_
    return TreeModel(
        boosting=boosting, columns=columns, trees=max(1, best), link=LINKS[task], width=width,
        intervals=width if task == "survival" else 0,
    )  # fmt: skip


def _boosting(task: str, settings: TreeSettings, *, seed: int, stopping: bool) -> Boosting:
    regression = task == "regression"
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    return kind(
        learning_rate=settings.rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.leaf_samples,
        l2_regularization=settings.shrinkage,
        max_iter=settings.trees or (MOST_TREES if stopping else FEW_TREES),
        early_stopping=stopping,
        n_iter_no_change=PATIENCE,
        random_state=seed,
    )


def _columns(inputs: Inputs) -> Columns:
    codes_NC = inputs.known_codes()
    pairs: list[tuple[int, int]] = []
    for field, cardinality in enumerate(inputs.cardinalities):
        seen = np.unique(codes_NC[:, field])
        single = cardinality > MOST_COLUMNS
        pairs += [(field, -1)] if single else [(field, int(code)) for code in seen[seen > 0]]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    there = np.flatnonzero(~np.isnan(inputs.numeric).all(axis=0))
    return Columns(numeric=there, field=found[:, 0], code=found[:, 1])


def _rows(
    part: tuple[Inputs, Outcome], columns: Columns
) -> tuple[Floats, NDArray[np.generic], NDArray[np.float64]]:
    """Matrix, target and weight of the rows that count."""
    inputs, outcome = part
    matrix_NQ = columns.matrix(inputs)
    if outcome.task == "survival":
        row, period = np.nonzero(outcome.weights > 0)
        matrix = np.concatenate([matrix_NQ[row], period[:, None]], axis=1, dtype=np.float32)
        return matrix, outcome.labels[row, period], outcome.weights[row, period].astype(np.float64)
    seen = outcome.weights.max(axis=1, initial=0.0) > 0
    target = outcome.labels[:, 0] if outcome.task == "regression" else outcome.classes
    return matrix_NQ[seen], target[seen], outcome.weights[seen].max(axis=1).astype(np.float64)


def _periods(matrix_NQ: Floats, periods: Floats) -> Floats:
    """[N * K, Q + 1]: each sample once for each interval."""
    repeated = np.repeat(matrix_NQ, len(periods), axis=0)
    return np.concatenate([repeated, np.tile(periods, len(matrix_NQ))[:, None]], axis=1)


def _spread(value: Values, classes: NDArray[np.int64], width: int) -> Values:
    """Probabilities of the classes seen in training, among all."""
    spread = np.zeros((len(value), width))
    spread[:, classes] = value
    return spread


def _forest(boosting: Boosting, trees: int) -> Forest:
    # scikit-learn has no public view of the nodes; skl2onnx reads the same attributes.
    grown = [
        (predictor.nodes, output)
        for stage in boosting._predictors[:trees]
        for output, predictor in enumerate(stage)
    ]
    sizes = [len(nodes) for nodes, _ in grown]
    nodes = np.concatenate([nodes for nodes, _ in grown])
    return Forest(
        tree=np.repeat(np.arange(len(sizes)), sizes),
        output=np.repeat([output for _, output in grown], sizes),
        node=np.concatenate([np.arange(size) for size in sizes]),
        column=nodes["feature_idx"].astype(np.int64),
        threshold=round_down(nodes["num_threshold"]),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        leaf=nodes["is_leaf"].astype(bool),
        value=nodes["value"].astype(np.float32),
        base=np.asarray(boosting._baseline_prediction, np.float32).reshape(-1),
    )


def _by_class(forest: Forest, classes: NDArray[np.int64], width: int) -> Forest:
    """Outputs numbered among all classes; a class that training never saw gets no probability."""
    base = np.full(width, NEVER, np.float32)
    if len(classes) == 2:  # one output: the score of the second class against the first
        base[classes[0]], base[classes[1]] = 0.0, forest.base[0]
        return replace(forest, output=np.full_like(forest.output, classes[1]), base=base)
    base[classes] = forest.base
    return replace(forest, output=classes[forest.output], base=base)


def round_down(values: NDArray[np.float64]) -> Floats:
    """The largest float32 that is not above each value: x <= value is unchanged for a float32 x."""
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    lower = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype(np.float64) > values, lower, rounded).astype(np.float32)
