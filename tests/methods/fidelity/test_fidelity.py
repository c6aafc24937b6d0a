"""Likeness, detection and coverage: perfect on equals, low where something is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp
from tests.methods.privacy.cohort import drawn

from bedside.methods.fidelity.columns import column_likeness
from bedside.methods.fidelity.coverage import coverage
from bedside.methods.fidelity.detection import detection
from bedside.methods.fidelity.pairs import pair_likeness
from bedside.methods.synthesis.mixed import Mixed

REAL, SAME = drawn(800, 1), drawn(800, 2)


def _shuffled(mixed: Mixed) -> Mixed:
    """The columns as they were, no two of them related."""
    rng = np.random.default_rng(0)
    columns = [rng.permutation(column) for column in mixed.values.T]
    return Mixed(columns=mixed.columns, values=np.stack(columns, axis=1))


def test_columns_by_an_independent_implementation() -> None:
    found = column_likeness(REAL, SAME)
    expected = 1 - ks_2samp(REAL.values[:, 0], SAME.values[:, 0]).statistic
    assert found["a"] == pytest.approx(expected)
    shares = [np.bincount(m.values[:, 6].astype(int), minlength=4) / 800 for m in (REAL, SAME)]
    assert found["ward"] == pytest.approx(1 - np.abs(shares[0] - shares[1]).sum() / 2)


def test_a_gap_that_is_not_there_is_seen() -> None:
    full = Mixed(columns=SAME.columns, values=np.nan_to_num(SAME.values, nan=0.0))
    assert column_likeness(REAL, full)["e"] < 0.85 < column_likeness(REAL, SAME)["e"]


def test_relations_are_seen_by_pairs_and_not_by_columns() -> None:
    shuffled = _shuffled(SAME)
    assert column_likeness(REAL, shuffled) == pytest.approx(column_likeness(REAL, SAME))
    kept, lost = pair_likeness(REAL, SAME), pair_likeness(REAL, shuffled)
    assert lost["a", "b"] < kept["a", "b"] - 0.05
    assert pair_likeness(REAL, REAL)["a", "ward"] == pytest.approx(1.0)


def test_detection_is_chance_on_equals_and_sure_on_the_shuffled() -> None:
    _, low, high = detection(REAL, SAME, seed=0).auroc(seed=0)
    assert low < 0.52
    assert high < 0.58
    assert detection(REAL, _shuffled(SAME), seed=0).auroc(seed=0)[1] > 0.6


def test_coverage_falls_where_a_kind_of_patient_is_dropped() -> None:
    kept, whole = SAME.rows(SAME.values[:, 5] == 1), coverage(REAL, SAME)
    assert whole["coverage"] > 0.9
    assert whole["precision"] > 0.9
    assert coverage(REAL, kept)["coverage"] < 0.7


def test_detection_does_not_know_a_patient_again_and_its_interval_is_by_patient() -> None:
    """Ten like rows of each of 60 patients, real and made up from one population."""
    own = np.repeat(np.arange(60), 10)
    rng = np.random.default_rng(3)
    real, made = (
        Mixed(columns=REAL.columns[:4], values=np.repeat(drawn(60, seed).values[:, :4], 10, axis=0)
              + rng.normal(0, 0.01, (600, 4)), subjects=own)
        for seed in (5, 6)
    )  # fmt: skip
    judged = detection(real, made, seed=0)
    assert len(np.unique(judged.patients)) == 120
    value, low, high = judged.auroc(seed=0, replicates=300)
    assert low < 0.55
    assert value < 0.7
    known_again = detection(replace(real, subjects=None), replace(made, subjects=None), seed=0)
    assert known_again.auroc(seed=0, replicates=20)[0] > 0.9
    by_row = judged._replace(patients=np.arange(1200)).auroc(seed=0, replicates=300)
    assert high - low > 2 * (by_row[2] - by_row[1])
