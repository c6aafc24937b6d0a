"""Every model of tables learns every task that it enters, within its budget, and repeats itself."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from lifelines.utils import concordance_index
from sklearn.metrics import r2_score, roc_auc_score

from bedside.adapters.onnx import Graph
from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import DataError, StudyError
from bedside.core.study import TaskType
from bedside.methods import outcome as outcomes
from bedside.methods.entrant import Fixed, Lesson
from bedside.methods.outcome import Outcome
from bedside.methods.tune import Budget
from bedside.modalities.tables.train import MODELS, entrants, learn
from bedside.modalities.tables.train_space import SEARCHES

SCHEMA = Schema(
    fields=(
        *(Field(name=name) for name in ("strong", "weak", "constant", "empty")),
        Field(name="ward", kind="category", categories=("a", "b", "c")),
        Field(name="alone", kind="category", categories=("only",)),
    ),
    target=Target(type="binary", outcome="death", classes=("no", "yes")),
)
CASES = [
    (task, entrant.name)
    for task in get_args(TaskType)
    if task != "segmentation"
    for entrant in entrants(task)
    if entrant.name != "prevalence"
]
QUICK = [case for case in CASES if case[1] not in ("tabm", "mlp", "ft_transformer")]
QUICK += [("binary", "mlp")]


def lesson(task: str, samples: int = 900, seed: int = 0) -> Lesson:
    rng = np.random.default_rng(seed)
    numeric = rng.normal(size=(samples, 4)).astype(np.float32)
    codes = np.stack([rng.integers(0, 4, samples), np.ones(samples)], axis=1).astype(np.int64)
    risk = 1.6 * numeric[:, 0] + 0.5 * numeric[:, 1] + 1.2 * (codes[:, 0] == 2)
    numeric[rng.random(samples) < 0.1, 0] = np.nan
    numeric[:, 2], numeric[:, 3] = 5.0, np.nan
    outcome = _outcome(task, risk + rng.logistic(size=samples) * 0.6, rng)
    cut = samples * 2 // 3
    return Lesson(
        schema=SCHEMA, train={"numeric": numeric[:cut], "codes": codes[:cut]},
        train_outcome=outcome.rows(slice(0, cut)),
        select={"numeric": numeric[cut:], "codes": codes[cut:]},
        select_outcome=outcome.rows(slice(cut, None)),
        select_subjects=np.arange(len(numeric) - cut), budget=Budget(trials=2, seconds=60),
        epochs=10, patience=3, seed=seed,
    )  # fmt: skip


def _outcome(task: str, noisy: np.ndarray, rng: np.random.Generator) -> Outcome:
    if task == "binary":
        return outcomes.binary(noisy > 0)
    if task == "multiclass":
        return outcomes.multiclass(np.digitize(noisy, [-1.0, 1.5]).astype(np.int64), 3)
    if task == "multilabel":
        values = np.stack([noisy < 0.5, noisy > 0], axis=1).astype(np.float64)
        values[rng.random(len(noisy)) < 0.3, 0] = np.nan
        return outcomes.multilabel(values)
    if task == "regression":
        return outcomes.regression(100 + 10 * noisy)
    time, lost = 100 * np.exp(-noisy), rng.uniform(10, 800, len(noisy))
    edges = np.array([20.0, 50, 100, 200, 400])
    return outcomes.survival(np.minimum(time, lost), time <= lost, edges)


def quality(task: str, outcome: Outcome, value: np.ndarray) -> float:
    if task == "regression":
        return float(r2_score(outcome.labels, value))
    if task == "survival":
        return float(concordance_index(outcome.durations, value[:, -1], outcome.events))
    return float(roc_auc_score(outcome.labels[:, -1], value[:, -1]))


def check(task: str, name: str) -> None:
    given = lesson(task)
    learned = learn(name, given)
    value = learned.predict(given.select)
    assert quality(task, given.select_outcome, value) > (0.55 if task == "regression" else 0.78)
    assert learned.score == pytest.approx(given.select_outcome.score(value), rel=1e-9)
    assert learned.score == min(trial.score for trial in learned.trials)
    assert len(learned.trials) == 2
    out = Graph(learned.export()).run(given.select)
    np.testing.assert_allclose(out["value"], value, rtol=1e-5, atol=1e-6)
    assert out["novelty"].shape == (300,)
    assert learned.parameters > 3


@pytest.mark.parametrize(("task", "name"), QUICK)
def test_models_learn(task: str, name: str) -> None:
    check(task, name)


@pytest.mark.slow
@pytest.mark.parametrize(("task", "name"), [case for case in CASES if case not in QUICK])
def test_networks_learn(task: str, name: str) -> None:
    check(task, name)


def test_who_may_enter() -> None:
    for task in sorted({task for task, _ in CASES}):
        names = [entrant.name for entrant in entrants(task)]
        assert names[-1] == "prevalence"
        assert sum(MODELS[name].family == "deep" for name in names) == 3
        assert len(names) == len(set(names)) == 6
    assert set(SEARCHES) == set(MODELS)
    for search in SEARCHES.values():
        assert search.space.keys() == search.defaults.keys()


@pytest.mark.parametrize("name", ["logistic", "trees"])
def test_the_same_seed_learns_the_same(name: str) -> None:
    given = lesson("binary")
    first, second = learn(name, given), learn(name, given)
    assert first.export() == second.export()
    assert [trial.settings for trial in first.trials] == [trial.settings for trial in second.trials]


def test_fixed_settings_are_taken_and_not_searched() -> None:
    given = lesson("binary")
    fixed = Fixed(
        settings={"rate": 0.1, "leaves": 4, "leaf_samples": 30, "shrinkage": 1.0}, length=7
    )
    learned = learn("trees", replace(given, fixed=fixed))
    assert (len(learned.trials), learned.length, learned.settings) == (1, 7, fixed.settings)


@pytest.mark.parametrize("samples", [15, 30])
@pytest.mark.parametrize("name", ["logistic", "trees", "prevalence"])
def test_very_few_patients(samples: int, name: str) -> None:
    given = lesson("binary", samples, seed=1)
    assert np.isfinite(learn(name, given).predict(given.select)).all()


@pytest.mark.parametrize(
    "name", ["logistic", "trees", "prevalence", "mlp", "tabm", "ft_transformer"]
)
def test_one_class_is_refused(name: str) -> None:
    given = lesson("binary")
    same = outcomes.binary(np.ones(600, bool))
    with pytest.raises(DataError, match="both classes"):
        learn(name, replace(given, train_outcome=same))


def test_masks_are_no_outcome_of_a_table() -> None:
    with pytest.raises(StudyError, match="images"):
        entrants("segmentation")
