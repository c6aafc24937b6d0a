"""Made-up patients for the tests of models: numbers and categories with gaps, one clear signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from bedside.methods import outcome as outcomes
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Inputs

TASKS = ("binary", "multiclass", "multilabel", "regression", "survival")


@dataclass(frozen=True)
class Patients:
    inputs: Inputs
    outcome: Outcome
    risk: np.ndarray

    def part(self, rows: slice) -> tuple[Inputs, Outcome]:
        return self.inputs.rows(rows), self.outcome.rows(rows)


def patients(task: str, samples: int = 600, seed: int = 0) -> Patients:
    """A constant column, a column that is always missing and a one-category column among them."""
    rng = np.random.default_rng(seed)
    numeric = rng.normal(size=(samples, 5)).astype(np.float32)
    numeric[:, 1] = 100 + 30 * numeric[:, 1]
    codes = np.stack(
        [rng.integers(0, 4, samples), np.ones(samples), rng.integers(0, 31, samples)], 1
    )
    risk = 1.5 * numeric[:, 0] + (numeric[:, 1] - 100) / 30 + 1.2 * (codes[:, 0] == 2)
    numeric[rng.random(samples) < 0.1, 0] = np.nan
    numeric[:, 3], numeric[:, 4] = 7.0, np.nan
    inputs = Inputs(numeric=numeric, codes=codes.astype(np.int64), cardinalities=(3, 1, 30))
    return Patients(inputs=inputs, outcome=_outcome(task, risk, rng), risk=risk)


def _outcome(task: str, risk: np.ndarray, rng: np.random.Generator) -> Outcome:
    if task == "binary":
        return outcomes.binary(rng.random(len(risk)) < 1 / (1 + np.exp(-risk)))
    if task == "multiclass":
        noisy = risk + rng.logistic(size=len(risk))
        return outcomes.multiclass(np.digitize(noisy, [-1.0, 1.5]).astype(np.int64), 3)
    if task == "multilabel":  # the first label is often unobserved
        present = rng.random((len(risk), 2)) < 1 / (1 + np.exp(-np.stack([-risk, risk], axis=1)))
        values = present.astype(np.float64)
        values[rng.random(len(risk)) < 0.3, 0] = np.nan
        return outcomes.multilabel(values)
    if task == "regression":
        return outcomes.regression(50 + 10 * risk + 5 * rng.normal(size=len(risk)))
    time = rng.exponential(300 * np.exp(-risk))
    censored = rng.uniform(10, 1500, len(risk))
    seen = np.round(np.minimum(time, censored), 1)
    return outcomes.survival(seen, time <= censored, np.array([20.0, 60, 120, 250, 500, 1000]))


@pytest.fixture
def made_up() -> Callable[..., Patients]:
    return patients


@pytest.fixture(params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)
