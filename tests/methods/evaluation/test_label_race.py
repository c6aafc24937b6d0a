"""Means over labels: by patient, paired, and the same as from the single labels."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.methods.evaluation.comparison import measured
from bedside.methods.evaluation.judged import Said
from bedside.methods.evaluation.label_race import LabelTrial, judge_label_race, mean_of
from bedside.methods.evaluation.race import Race
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.truth import Truth, measure_of, primary_measure
from bedside.methods.label_policy import LabelPolicies
from bedside.methods.policy import Policy

POLICY = Policy(task="binary", threshold=0.5, coverage=0.9, quantiles=(0.9, 0.9),
                novelty_limit=9.0, most_missing=0.5, patients=50)  # fmt: skip
LABELS = ("a", "b")


def _trial(rows: int = 300) -> tuple[LabelTrial, np.ndarray]:
    """Two rows a patient; a fifth of the second label unobserved."""
    rng = np.random.default_rng(5)
    values = rng.random((rows, 2))
    target = (rng.random(values.shape) < values).astype(np.float64)
    target[rng.random(rows) < 0.2, 1] = np.nan
    subjects = np.arange(rows) // 2
    truth = Truth(task="multilabel", subjects=subjects, target=target, counts=np.ones(rows))
    return LabelTrial(
        labels=LABELS, truth=truth, resamples=truth.resamples(200, 1),
        record=Record("held_out@1", level=0.95),
    ), values  # fmt: skip


def _said(name: str, values: np.ndarray) -> tuple[Said, ...]:
    nothing = np.zeros(len(values))
    decided = LabelPolicies(labels=(POLICY, POLICY)).decide(values, nothing, nothing)
    return tuple(
        Said(name=name, values=values[:, k : k + 1], novelty=nothing, decisions=one, policy=POLICY)
        for k, one in enumerate(decided)
    )


def _aurocs(truth: Truth, values: np.ndarray) -> list[float]:
    known = [np.isfinite(truth.target[:, k]) for k in range(2)]
    return [roc_auc_score(truth.target[at, k], values[at, k]) for k, at in enumerate(known)]


def test_the_mean_is_that_of_the_labels() -> None:
    trial, values = _trial()
    both = (measure_of, primary_measure)
    for measure in both:
        found = measure(trial.truth, values, None)(np.ones((1, len(values))))
        assert found["macro_auroc"][0] == pytest.approx(np.mean(_aurocs(trial.truth, values)))


def test_a_race_says_each_label_and_the_paired_mean() -> None:
    trial, values = _trial()
    worse = np.clip(values + np.random.default_rng(9).normal(0, 0.4, values.shape), 0, 1)
    race = Race(models=("logistic", "mlp"), deep="mlp", simple="logistic")
    said = {"logistic": _said("logistic", worse), "mlp": _said("mlp", values)}
    means = judge_label_race(race, said, trial)
    lines = {(x.measure, x.slice, x.model): x for x in trial.record.lines}
    for k, label in enumerate(LABELS):
        line = lines["auroc", f"label={label}", "mlp"]
        assert line.value == pytest.approx(_aurocs(trial.truth, values)[k])
        assert lines["deep_minus_simple.auroc", f"label={label}", ""].value > 0
    assert lines["auroc", "label=b", "mlp"].subjects < lines["auroc", "label=a", "mlp"].subjects
    assert ("auroc", "all", "mlp") not in lines
    gap = lines["deep_minus_simple.macro_auroc", "all", ""]
    apart = means["mlp"].replicates["macro_auroc"] - means["logistic"].replicates["macro_auroc"]
    assert (gap.low, gap.high) == pytest.approx(tuple(np.quantile(apart, [0.025, 0.975])))
    unpaired = means["mlp"].replicates["macro_auroc"].var()
    assert apart.var() < unpaired + means["logistic"].replicates["macro_auroc"].var()


def test_the_mean_is_undefined_where_one_label_is() -> None:
    trial, values = _trial()
    trial.truth.target[:, 1] = 0.0
    of_labels = [
        measured(measure_of(trial.truth.label(k), values[:, k : k + 1], None), trial.resamples)
        for k in range(2)
    ]
    assert np.isnan(mean_of(of_labels).points["macro_auroc"])
    assert np.isfinite(mean_of(of_labels).points["macro_brier"])
    whole = measure_of(trial.truth, values, None)(np.ones((1, len(values))))
    assert np.isnan(whole["macro_auroc"][0])


def test_rows_without_a_label_count_for_the_others() -> None:
    trial, values = _trial()
    unseen = np.isnan(trial.truth.target[:, 1])
    other = values.copy()
    other[unseen, 1] = 0.5
    one, two = (
        measure_of(trial.truth, said, None)(np.ones((1, len(values)))) for said in (values, other)
    )
    assert one["macro_auroc"][0] == two["macro_auroc"][0]
    assert trial.truth.patients() == 150
    assert trial.truth.label(1).patients() < 150
    assert trial.truth.rarest() == min(trial.truth.label(k).rarest() or 0 for k in range(2))
