"""Permutation importance against scikit-learn's, and its laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import make_scorer, root_mean_squared_error

from bedside.methods.evaluation.importance import Importance, Probe, importance, resemblance
from bedside.methods.evaluation.truth import Truth

Arrays = Mapping[str, np.ndarray]


def permute(arrays: Arrays, field: str, order: np.ndarray) -> Arrays:
    x = arrays["x"].copy()
    x[:, int(field)] = arrays["x"][order, int(field)]
    return {"x": x}


def probe(x: np.ndarray, y: np.ndarray, repeats: int = 5, seed: int = 0) -> Probe:
    truth = Truth(task="regression", subjects=np.arange(len(y)), target=y, counts=np.ones(len(y)))
    return Probe(
        arrays={"x": x}, fields=tuple(str(at) for at in range(x.shape[1])), permute=permute,
        truth=truth, resamples=truth.resamples(200, 1), repeats=repeats, seed=seed,
    )  # fmt: skip


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    return x, 3 * x[:, 0] + x[:, 1] + 0.3 * x[:, 2] + rng.normal(size=500)


def linear(weights: list[float]) -> Callable[[Arrays], np.ndarray]:
    return lambda arrays: (arrays["x"] @ np.array(weights))[:, None].astype(np.float32)


def test_as_scikit_learn_finds_it(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    model = LinearRegression().fit(x, y)
    found = importance(lambda a: model.predict(a["x"])[:, None], probe(x, y, repeats=30), None)
    scorer = make_scorer(root_mean_squared_error, greater_is_better=False)
    theirs = permutation_importance(model, x, y, scoring=scorer, n_repeats=30, random_state=0)
    ours = [found.drops[str(at)][0] for at in range(4)]
    np.testing.assert_allclose(ours, theirs.importances_mean, atol=0.05)
    assert all(low <= value <= high for value, low, high in found.drops.values())


def test_a_field_that_is_not_used_loses_exactly_nothing(
    data: tuple[np.ndarray, np.ndarray],
) -> None:
    found = importance(linear([3.0, 1.0, 0.0, 0.0]), probe(*data), None)
    assert found.drops["3"] == (0.0, 0.0, 0.0)
    assert found.drops["0"][1] > found.drops["1"][2] > 0


def test_it_follows_from_the_seed(data: tuple[np.ndarray, np.ndarray]) -> None:
    one, again, other = (
        importance(linear([3.0, 1.0, 0.3, 0.0]), probe(*data, seed=seed), None).drops
        for seed in (4, 4, 5)
    )
    assert one == again
    assert one != other


def _of(points: list[float], replicates: np.ndarray, base: Importance) -> Importance:
    drops = {str(at): (value, value, value) for at, value in enumerate(points)}
    return Importance(base=base.base, drops=drops, replicates=replicates)


def test_resemblance_is_spearmans(data: tuple[np.ndarray, np.ndarray]) -> None:
    base = importance(linear([1.0, 1.0, 1.0, 1.0]), probe(*data), None)
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(2, 50, 4))
    value, low, high = resemblance(
        _of([0.4, 0.3, 0.0, 0.0], one, base), _of([0.1, 0.2, 0.3, 0.0], other, base)
    )
    assert value == pytest.approx(spearmanr([0.4, 0.3, 0.0, 0.0], [0.1, 0.2, 0.3, 0.0])[0])
    expected = [spearmanr(a, b)[0] for a, b in zip(one, other, strict=True)]
    assert (low, high) == pytest.approx(tuple(np.quantile(expected, [0.025, 0.975])))


def test_constant_importances_have_no_order(data: tuple[np.ndarray, np.ndarray]) -> None:
    base = importance(linear([1.0, 1.0, 1.0, 1.0]), probe(*data), None)
    flat = _of([0.0] * 4, np.zeros((200, 4)), base)
    assert np.isnan(resemblance(base, flat)).all()
