from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from lifelines.utils import concordance_index
from sklearn.metrics import r2_score, roc_auc_score

from bedside.core.errors import DataError
from bedside.methods import outcome as outcomes
from bedside.methods.trees import Forest, TreeSettings, fit_trees, round_down


def quality(task: str, outcome: outcomes.Outcome, value: np.ndarray) -> float:
    if task == "regression":
        return float(r2_score(outcome.labels, value))
    if task == "survival":
        return float(concordance_index(outcome.durations, value[:, -1], outcome.events))
    return float(roc_auc_score(outcome.labels[:, -1], value[:, -1]))


def test_finds_the_signal_and_repeats_itself(made_up: Callable, task: str) -> None:
    found = made_up(task, 1200)
    train, select = found.part(slice(0, 700)), found.part(slice(700, 900))
    test = found.part(slice(900, None))
    first = fit_trees(train, select, TreeSettings(), seed=3)
    value = first.predict(test[0])
    assert quality(task, test[1], value) > 0.7
    second = fit_trees(train, select, TreeSettings(), seed=3).predict(test[0])
    np.testing.assert_array_equal(value, second)
    assert first.predict(test[0].rows(slice(0, 0))).shape == (0, found.outcome.width)


def test_stops_where_select_scores_best(made_up: Callable) -> None:
    found = made_up("binary", 800)
    train, select = found.part(slice(0, 500)), found.part(slice(500, None))
    best = fit_trees(train, select, TreeSettings(rate=0.3), seed=0)
    score = select[1].score(best.predict(select[0]))
    for trees in (max(1, best.trees // 2), best.trees * 2):
        other = fit_trees(train, select, TreeSettings(rate=0.3, trees=trees), seed=0)
        assert score <= select[1].score(other.predict(select[0])) + 1e-9


def walk(forest: Forest, row: np.ndarray) -> np.ndarray:
    """The plainest reading of the arrays."""
    total = forest.base.astype(np.float64)
    starts = np.flatnonzero(forest.node == 0)
    for start in starts:
        at = start
        while not forest.leaf[at]:
            x = row[forest.column[at]]
            left = forest.missing_left[at] if np.isnan(x) else x <= forest.threshold[at]
            at = start + (forest.left[at] if left else forest.right[at])
        total[forest.output[at]] += forest.value[at]
    return total


def test_arrays_decide_as_scikit_learn_does(made_up: Callable) -> None:
    train = made_up("multiclass", 300)
    model = fit_trees(
        train.part(slice(0, 200)), train.part(slice(200, None)), TreeSettings(), seed=0
    )
    matrix = model.columns.matrix(train.inputs.rows(slice(200, None)))
    raw = np.stack([walk(model.forest(), row) for row in matrix])
    share = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(share, model.predict(train.inputs.rows(slice(200, None))), atol=1e-6)


@pytest.mark.parametrize("absent", [0, 1])
def test_a_class_without_training_patients_gets_no_chance(made_up: Callable, absent: int) -> None:
    found = made_up("multiclass", 400)
    kept = np.flatnonzero(found.outcome.classes != absent)
    train = found.inputs.rows(kept), found.outcome.rows(kept)
    model = fit_trees(train, found.part(slice(300, None)), TreeSettings(trees=5), seed=0)
    assert (model.predict(found.inputs)[:, absent] == 0).all()
    matrix = model.columns.matrix(found.inputs)
    raw = np.stack([walk(model.forest(), row) for row in matrix[:50]])
    share = np.exp(raw - raw.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(share, model.predict(found.inputs)[:50], atol=1e-6)


def test_thresholds_rounded_down_leave_every_decision_as_it_was() -> None:
    rng = np.random.default_rng(0)
    thresholds = np.concatenate(
        [rng.normal(size=500) * 10.0 ** rng.integers(-20, 20, 500), [0.1, 1e300]]
    )
    rounded = round_down(thresholds)
    with np.errstate(over="ignore"):
        beside = [np.nextafter(rounded, np.float32(side)) for side in (-np.inf, np.inf)]
    near = np.stack([*beside, rounded])
    np.testing.assert_array_equal(near.astype(np.float64) <= thresholds, near <= rounded)


def test_few_patients_and_nobody_to_stop_by(made_up: Callable) -> None:
    found = made_up("binary", 12)
    model = fit_trees(found.part(slice(0, 12)), found.part(slice(0, 0)), TreeSettings(), seed=0)
    assert np.isfinite(model.predict(found.inputs)).all()


def test_one_class_is_refused(made_up: Callable) -> None:
    inputs = made_up("binary", 30).inputs
    same = outcomes.binary(np.ones(30, bool))
    with pytest.raises(DataError, match="both classes"):
        fit_trees((inputs, same), (inputs, same), TreeSettings(), seed=0)
