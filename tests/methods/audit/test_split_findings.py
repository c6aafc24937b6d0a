"""Findings on splits: shares of patients, and sentences with counts."""

from __future__ import annotations

import numpy as np

from bedside.methods.audit.duplicates import Fingerprints, mixed
from bedside.methods.audit.split_findings import copies_finding, two_splits_finding


def test_a_patient_in_two_splits_is_counted_once() -> None:
    subject, split = np.array([0, 0, 0, 1, 2, 3]), np.array([0, 1, 2, 0, 1, 0])
    found = two_splits_finding(subject, split, "all@0")
    assert found.state == "found"
    assert found.evidence[0].value == 0.25
    assert "1 patient of 4" in found.sentence
    assert two_splits_finding(np.arange(6), split, "all@0").state == "clear"


def test_copied_patients_are_a_share_of_those_outside_training() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**60, 500).astype(np.uint64)
    values[450:] = values[:50]
    split = (np.arange(500) >= 400).astype(np.int64)
    hashes = mixed(values, 0)
    prints = Fingerprints(whole=hashes, fields={}, known=np.ones(500))
    found = copies_finding(prints, split, np.arange(500), "all@0")
    assert found.state == "found"
    assert found.evidence[0].value == 0.5
    assert found.evidence[0].subjects == 100
    clear = copies_finding(prints, np.zeros(500, np.int64), np.arange(500), "all@0")
    assert clear.state == "clear"
