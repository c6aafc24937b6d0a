"""Counts of patients by split, against counts made by hand."""

from __future__ import annotations

import polars as pl
import pytest

from bedside.core.dataset import Dataset
from bedside.core.run import Run
from bedside.methods.enrolment import enrolment
from bedside.methods.proportion import wilson


def test_counts_agree_with_the_samples(prepared: Run) -> None:
    dataset = Dataset(prepared.folder)
    found = {(e.measure, e.data): e for e in enrolment(dataset)}
    for split in ("train", "tune", "held_out"):
        part = dataset.samples.filter(pl.col("split") == split)
        subjects = found["prepare.subjects", dataset.label(split)]
        assert subjects.value == subjects.subjects == part["subject"].n_unique()
        share = found["prepare.prevalence", dataset.label(split)]
        count = int(part["target"].sum())
        assert (share.value, share.low, share.high) == pytest.approx(wilson(count, part.height))
        assert found["prepare.unobserved", dataset.label(split)].value == 0
    assert dataset.label("external") not in {data for _, data in found}


def test_every_number_is_written_as_evidence(prepared: Run) -> None:
    written = prepared.evidence()
    assert {item.stage for item in written} == {"prepare"}
    assert {item.run for item in written} == {prepared.name}
    assert len(written) == 9
