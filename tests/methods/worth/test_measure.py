"""Both measures against independent ones, higher better, weights as counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import brier_score_loss, roc_auc_score

from bedside.core.errors import StudyError
from bedside.methods.evaluation.truth import Truth
from bedside.methods.worth.measure import names_of, scoring

RNG = np.random.default_rng(0)


def truth(task: str, target: np.ndarray, **more: object) -> Truth:
    subjects = np.arange(len(target))
    return Truth(task=task, subjects=subjects, target=target, counts=np.ones(len(target)), **more)


def test_binary() -> None:
    y = (RNG.random(200) < 0.3).astype(float)
    p = np.clip(0.3 + 0.2 * (y - 0.3) + 0.2 * RNG.normal(size=200), 0, 1)
    counts = RNG.integers(0, 3, 200).astype(float)
    found = scoring(truth("binary", y), p[:, None], None)(np.stack([np.ones(200), counts]))
    assert found["auroc"][0] == pytest.approx(roc_auc_score(y, p))
    assert found["auroc"][1] == pytest.approx(roc_auc_score(y, p, sample_weight=counts))
    assert found["brier"][1] == pytest.approx(-brier_score_loss(y, p, sample_weight=counts))


def test_regression() -> None:
    y = RNG.normal(size=100).round(1)
    said = y + RNG.normal(size=100)
    found = scoring(truth("regression", y), said[:, None], None)(np.ones((1, 100)))
    assert found["rank_correlation"][0] == pytest.approx(spearmanr(y, said).statistic)
    assert found["rmse"][0] == pytest.approx(-np.sqrt(np.mean((y - said) ** 2)))
    same = scoring(truth("regression", y), np.ones((100, 1)), None)(np.ones((1, 100)))
    assert same["rank_correlation"][0] == 0.0


def test_multiclass() -> None:
    y = RNG.integers(0, 3, 150).astype(float)
    said = RNG.dirichlet(np.ones(3), 150)
    found = scoring(truth("multiclass", y), said, None)(np.ones((1, 150)))
    assert found["auroc"][0] == pytest.approx(
        roc_auc_score(y, said / said.sum(axis=1, keepdims=True), multi_class="ovr"), abs=1e-6
    )
    assert found["brier"][0] == pytest.approx(
        -np.mean(np.sum((said - np.eye(3)[y.astype(int)]) ** 2, 1))
    )


def test_survival_scores_the_risk_at_the_horizon() -> None:
    edges = np.array([100.0, 200.0])
    state = np.array([1.0, 0.0, np.nan, 0.0])
    held = truth("survival", state, duration=np.array([50.0, 300, 120, 250]),
                 event=np.array([True, False, False, False]), horizon=200.0)  # fmt: skip
    counts = np.array([1.0, 1.5, 0.0, 1.5])
    held = Truth(**{name: getattr(held, name) for name in held.__slots__} | {"counts": counts})
    curves = np.array([[0.5, 0.2], [0.95, 0.9], [0.9, 0.8], [0.8, 0.7]])
    found = scoring(held, curves, edges)(np.ones((1, 4)))
    assert found["c_index"][0] == 1.0
    assert found["brier_at_horizon"][0] == pytest.approx(-(0.04 + 1.5 * 0.01 + 1.5 * 0.09) / 4)


def test_masks_are_not_measured() -> None:
    with pytest.raises(StudyError, match="segmentation"):
        names_of("segmentation")
