"""Utility has known answers: a copy changes nothing, a reversed table ranks the wrong way round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.core.dataset import Target
from bedside.core.errors import DataError
from bedside.methods.cases import Cases
from bedside.methods.evaluation.truth import Truth
from bedside.methods.fidelity.utility import Exam, Utility, utility
from bedside.methods.tabular_inputs import Inputs

TARGET = Target(type="binary", outcome="death", classes=("no", "yes"))


def _cases(rows: int, seed: int, *, sure: float = 1.0, patients: int = 0) -> Cases:
    """Whether a number is above 0 is the outcome, as often as `sure` says; another number is
    noise."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(0, 1, (rows, 2)).astype(np.float32)
    right = rng.random(rows) < sure
    target = np.where(right, numbers[:, 0] > 0, numbers[:, 0] <= 0).astype(float)
    nothing = np.full(rows, np.nan)
    own = np.arange(rows) % (patients or rows)
    return Cases(
        arrays={"numeric": numbers}, subjects=own, target=target, duration=nothing, event=nothing
    )  # fmt: skip


def _inputs(cases: Cases) -> Inputs:
    numeric = cases.arrays["numeric"]
    return Inputs(numeric=numeric, codes=np.zeros((len(numeric), 0), np.int64), cardinalities=())


def _exam(cases: Cases) -> Exam:
    truth = Truth(
        task="binary", subjects=cases.subjects, target=cases.target, counts=np.ones(len(cases))
    )  # fmt: skip
    return Exam(cases=cases, truth=truth, target=TARGET, edges=None, inputs=_inputs, replicates=200)


def _measured(made: Cases, exam: Cases | None = None) -> Utility:
    return utility(_cases(400, 0), made, _exam(exam or _cases(300, 1)), seed=0)


def test_the_measure_is_that_of_the_task_and_learnt_from_real_ones_it_is_nearly_perfect() -> None:
    found = _measured(_cases(400, 2))
    assert (found.measure, found.subjects) == ("auroc", 300)
    assert found.real[0] > 0.99
    assert found.synthetic[0] > 0.99


def test_a_copy_of_the_real_ones_changes_nothing() -> None:
    found = _measured(_cases(400, 0))
    assert found.synthetic == found.real
    assert found.synthetic_minus_real == (0.0, 0.0, 0.0)


def test_a_reversed_table_ranks_the_wrong_way_round() -> None:
    """AUROC of 0 where the real one has 1: a difference of -1."""
    found = _measured(_cases(400, 2, sure=0.0))
    assert found.synthetic[0] < 0.01
    assert found.synthetic_minus_real[0] == pytest.approx(-1.0, abs=0.02)
    assert found.synthetic_minus_real[0] == pytest.approx(found.synthetic[0] - found.real[0])
    assert found.synthetic_minus_real[2] < -0.9


def test_a_table_of_noise_is_chance_and_does_some_harm_beside_the_real_ones() -> None:
    found = _measured(_cases(400, 2, sure=0.5), _cases(2000, 1))
    assert 0.35 < found.synthetic[0] < 0.65
    assert found.both_minus_real[0] < 0
    alone = _measured(_cases(400, 2), _cases(2000, 1))
    assert abs(alone.both_minus_real[0]) < 0.01


def test_more_of_the_truth_helps_where_the_real_ones_were_too_few() -> None:
    few, exam = _cases(60, 4, sure=0.8), _exam(_cases(2000, 1))
    found = utility(few, _cases(2000, 5), exam, seed=0)
    assert found.both_minus_real[1] > 0
    assert found.synthetic_minus_real[1] > 0


def test_the_number_is_that_of_another_implementation_and_rows_of_a_patient_go_together() -> None:
    """A table that tells the truth of four in five; each of 50 patients sits the exam 40 times."""
    made, exam = _cases(400, 2, sure=0.8), _cases(2000, 1, sure=0.8, patients=50)
    found = utility(made, made, _exam(exam), seed=0)
    ideal = roc_auc_score(exam.target, exam.arrays["numeric"][:, 0] > 0)
    assert found.real[0] == pytest.approx(ideal, abs=0.06)
    assert found.subjects == 50
    apart = replace(exam, subjects=np.arange(2000))
    assert utility(made, made, _exam(apart), seed=0).real[0] == found.real[0]


def test_nothing_to_tell_apart_is_an_error() -> None:
    made = _cases(400, 2)
    with pytest.raises(DataError):
        _measured(replace(made, target=np.zeros(400)))
