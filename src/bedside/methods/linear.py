"""Regularised linear models: logistic, multinomial and ridge regression.

The penalty falls on standardised columns; gaps are filled with the median and marked.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from bedside.methods.design import Score, fit_design, score_of
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Floats, Inputs, Values

Link = Literal["sigmoid", "softmax", "identity"]
ABSENT = -15.0
"""Score of a class that no training subject had: a chance of less than one in a million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearModel:
    """A linear score behind the link of its task."""

    score: Score
    link: Link

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.score.parameters

    def predict(self, inputs: Inputs) -> Values:
        """`value` [N, K]."""
        return linked(self.score(inputs), self.link)


def linked(score_NK: Floats, link: Link) -> Values:
    """Scores as probabilities, or as they are."""
    score = score_NK.astype(np.float64)
    if link == "sigmoid":
        return np.asarray(expit(score), np.float64)
    return np.asarray(softmax(score, axis=1) if link == "softmax" else score, np.float64)


def fit_linear(inputs: Inputs, outcome: Outcome, *, penalty: float) -> LinearModel:
    """Logistic, multinomial or ridge regression, by the outcome's task; logistic for each label.

    `penalty` is the weight of the squared coefficients against the mean loss per sample, so that
    it means the same for any number of patients.
    """
    outcome.require_learnable()
    seen = outcome.weights.max(axis=1) > 0
    inputs, outcome = inputs.rows(seen), outcome.rows(seen)
    design = fit_design(inputs)
    matrix_ND = design.matrix(inputs)
    weights = outcome.weights.max(axis=1).astype(np.float64)
    if outcome.task == "regression":
        weight_DK, bias_K = _ridge(matrix_ND, outcome.labels[:, 0], weights, penalty)
        return LinearModel(score=score_of(design, weight_DK, bias_K), link="identity")
    if outcome.task == "multilabel":
        weight_DK, bias_K = _each_label(matrix_ND, outcome, penalty)
        return LinearModel(score=score_of(design, weight_DK, bias_K), link="sigmoid")
    weight_DK, bias_K = _logistic(matrix_ND, outcome, weights, penalty)
    link: Link = "sigmoid" if outcome.task == "binary" else "softmax"
    return LinearModel(score=score_of(design, weight_DK, bias_K), link=link)


Fit = tuple[NDArray[np.float64], NDArray[np.float64]]


def _ridge(
    matrix_ND: NDArray[np.float64], target: Floats, weights: NDArray[np.float64], penalty: float
) -> Fit:
    target_N = target.astype(np.float64)
    model = Ridge(alpha=penalty * weights.sum(), solver="cholesky")
    model.fit(matrix_ND, target_N, sample_weight=weights)
    return model.coef_.reshape(-1, 1), np.array([model.intercept_])


def _each_label(matrix_ND: NDArray[np.float64], outcome: Outcome, penalty: float) -> Fit:
    """A fit a label, on those in whom it was observed; columns are those of everybody."""
    fits = []
    for index in range(outcome.width):
        seen = outcome.weights[:, index] > 0
        label = outcome.label(index).rows(seen)
        weights = label.weights[:, 0].astype(np.float64)
        fits.append(_logistic(matrix_ND[seen], label, weights, penalty))
    return np.concatenate([weight for weight, _ in fits], axis=1), np.concatenate(
        [bias for _, bias in fits]
    )


def _logistic(
    matrix_ND: NDArray[np.float64], outcome: Outcome, weights: NDArray[np.float64], penalty: float
) -> Fit:
    model = LogisticRegression(C=1.0 / (penalty * weights.sum()), max_iter=2000, tol=1e-6)
    with warnings.catch_warnings():
        # A fit that stops early is a valid model; its score on `select` judges it like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(matrix_ND, outcome.classes, sample_weight=weights)
    if outcome.task == "binary":
        return model.coef_.T, model.intercept_
    width = outcome.width
    weight_DK, bias_K = np.zeros((matrix_ND.shape[1], width)), np.full(width, ABSENT)
    if len(model.classes_) == 2:  # scikit-learn then gives the difference of the two scores
        weight_DK[:, model.classes_[1]] = model.coef_[0]
        bias_K[model.classes_] = [0.0, model.intercept_[0]]
        return weight_DK, bias_K
    weight_DK[:, model.classes_], bias_K[model.classes_] = model.coef_.T, model.intercept_
    return weight_DK, bias_K
