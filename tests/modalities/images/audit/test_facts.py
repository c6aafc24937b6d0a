"""Facts of acquisition: those that name patients, those that tell the outcome, and devices."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bedside.core.errors import RunError
from bedside.methods.audit.training import training
from bedside.modalities.images.audit.facts import (
    facts_of,
    groupings,
    identifying_findings,
    probes_of,
)

ROWS = 200
CANARY = "Kanarienvogel"


def _facts() -> pl.DataFrame:
    return pl.DataFrame({
        "width": np.where(np.arange(ROWS) % 2, 512.0, 256.0),
        "manufacturer": ["A", "B"] * (ROWS // 2),
        "bits": np.full(ROWS, 8.0),
        "station": [f"{CANARY} {at}" for at in range(ROWS)],
    })  # fmt: skip


def test_facts_that_do_not_vary_are_left_out_and_others_probed(dataset_of, blobs) -> None:
    dataset = dataset_of(blobs(0, ROWS), facts=_facts(), target=[0.0, 1.0] * (ROWS // 2))
    drawn = training(dataset, most_subjects=1000, seed=0)
    facts = facts_of(dataset, drawn.rows)
    assert [fact.name for fact in facts] == ["width", "manufacturer", "station"]
    assert [probe.slice for probe in probes_of(facts)] == [
        "width", "manufacturer", "station", "facts"
    ]  # fmt: skip
    assert list(groupings(dataset, facts, drawn)) == ["manufacturer"]
    (found,) = identifying_findings(facts, drawn)
    assert found.state == "found"
    assert found.field == ""
    assert "'station' is text that hardly ever repeats" in found.sentence
    assert CANARY not in found.sentence + found.look + found.short


def test_without_facts_nothing_is_said(dataset_of, blobs) -> None:
    dataset = dataset_of(blobs(0, 20))
    drawn = training(dataset, most_subjects=1000, seed=0)
    assert facts_of(dataset, drawn.rows) == []
    assert identifying_findings([], drawn) == []
    assert probes_of([]) == []


def test_facts_of_other_samples_are_refused(dataset_of, blobs) -> None:
    dataset = dataset_of(blobs(0, 20), facts=_facts())
    with pytest.raises(RunError, match="one row a sample"):
        facts_of(dataset, np.arange(3))


def test_sites_are_a_grouping(dataset_of, blobs) -> None:
    dataset = dataset_of(blobs(0, 60), site=["north"] * 20 + ["south"] * 40)
    drawn = training(dataset, most_subjects=1000, seed=0)
    assert list(groupings(dataset, [], drawn)) == ["site"]
