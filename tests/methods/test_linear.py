from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score

from bedside.core.errors import DataError
from bedside.methods import outcome as outcomes
from bedside.methods.design import fit_design
from bedside.methods.linear import fit_linear, linked


def test_binary_finds_the_signal_and_equals_scikit_learn(made_up: Callable) -> None:
    found = made_up("binary", 900)
    train, test = found.part(slice(0, 600)), found.part(slice(600, None))
    model = fit_linear(*train, penalty=1e-2)
    value = model.predict(test[0])[:, 0]
    assert roc_auc_score(test[1].classes, value) > 0.82
    design = fit_design(train[0])
    oracle = LogisticRegression(C=1 / (1e-2 * 600), solver="newton-cholesky", tol=1e-8)
    oracle.fit(design.matrix(train[0]), train[1].classes)
    expected = oracle.predict_proba(design.matrix(test[0]))[:, 1]
    np.testing.assert_allclose(value, expected, atol=1e-4)


def test_regression_equals_scikit_learn(made_up: Callable) -> None:
    inputs, outcome = made_up("regression").part(slice(None))
    value = fit_linear(inputs, outcome, penalty=1e-3).predict(inputs)
    matrix = fit_design(inputs).matrix(inputs)
    oracle = Ridge(alpha=1e-3 * len(inputs), solver="svd").fit(matrix, outcome.labels[:, 0])
    np.testing.assert_allclose(value[:, 0], oracle.predict(matrix), rtol=1e-4)
    assert r2_score(outcome.labels, value) > 0.7


def test_classes_add_up_to_one(made_up: Callable) -> None:
    inputs, outcome = made_up("multiclass").part(slice(None))
    value = fit_linear(inputs, outcome, penalty=1e-3).predict(inputs)
    np.testing.assert_allclose(value.sum(axis=1), 1, atol=1e-6)
    assert roc_auc_score(outcome.labels[:, 2], value[:, 2]) > 0.85


@pytest.mark.parametrize("absent", [0, 2])
def test_a_class_without_training_patients_gets_no_chance(made_up: Callable, absent: int) -> None:
    inputs, outcome = made_up("multiclass").part(slice(None))
    kept = outcome.classes != absent
    model = fit_linear(inputs.rows(kept), outcome.rows(kept), penalty=1e-3)
    value = model.predict(inputs)
    assert value[:, absent].max() < 1e-3
    other = 2 - absent
    assert roc_auc_score(outcome.rows(kept).labels[:, other], value[kept][:, other]) > 0.8


def test_weight_zero_is_the_same_as_absence(made_up: Callable) -> None:
    inputs, outcome = made_up("binary").part(slice(None))
    weights = np.repeat([1.0, 0.0], 300).astype(np.float32)
    masked = outcomes.binary(outcome.labels[:, 0] > 0, weights)
    some = fit_linear(inputs.rows(slice(0, 300)), outcome.rows(slice(0, 300)), penalty=1e-2)
    np.testing.assert_array_equal(
        fit_linear(inputs, masked, penalty=1e-2).predict(inputs), some.predict(inputs)
    )


def test_links_do_not_overflow() -> None:
    far = np.array([[-1e4, 1e4], [0.0, 0.0]], np.float32)
    np.testing.assert_allclose(linked(far, "sigmoid"), [[0, 1], [0.5, 0.5]])
    np.testing.assert_array_equal(linked(far, "softmax"), [[0, 1], [0.5, 0.5]])
    assert linked(far[:0], "softmax").shape == (0, 2)


def test_one_class_is_refused(made_up: Callable) -> None:
    inputs = made_up("binary", 20).inputs
    with pytest.raises(DataError, match="both classes"):
        fit_linear(inputs, outcomes.binary(np.zeros(20, bool)), penalty=1.0)
