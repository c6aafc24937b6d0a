"""What the audit gets of a table: columns, fingerprints and checks of single columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Dataset, Field, Schema, Target, write_dataset
from bedside.methods.audit.training import training
from bedside.modalities.tables import audit


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Rows 0 and 9 alike but for the sign of a zero; `none` empty, `one` constant."""
    rng = np.random.default_rng(0)
    numeric = rng.normal(size=(300, 3)).astype(np.float32)
    numeric[:, 1], numeric[:, 2] = np.nan, 7
    numeric[0, 0], numeric[9, 0] = 0.0, -0.0
    codes = rng.integers(1, 4, (300, 2))
    codes[9] = codes[0] = [1, 2]
    fields = [Field(name=name) for name in ("x", "none", "one")]
    words = ("a", "b", "c")
    fields += [Field(name=name, kind="category", categories=words) for name in ("c", "mrn")]
    target = Target(type="binary", outcome="death", classes=("no", "yes"))
    samples = pl.DataFrame(
        {
            "sample": range(300),
            "subject": [f"p{at:03}" for at in range(300)],
            "split": ["train"] * 200 + ["held_out"] * 100,
            "target": rng.integers(0, 2, 300).astype(float),
        }
    )
    arrays = {"numeric": numeric, "codes": codes}
    return write_dataset(tmp_path, Schema(fields=tuple(fields), target=target), samples, arrays)


def test_columns_are_the_arrays(dataset: Dataset) -> None:
    rows = np.array([5, 3, 250])
    found = {column.name: column for column in audit.columns(dataset, rows)}
    assert list(found) == ["x", "none", "one", "c", "mrn"]
    np.testing.assert_array_equal(found["x"].values, dataset.array("numeric")[rows, 0])
    assert found["none"].missing.all()
    np.testing.assert_array_equal(found["c"].codes, dataset.array("codes")[rows, 0])


def test_equal_rows_have_equal_fingerprints_and_no_others(dataset: Dataset) -> None:
    found = audit.fingerprints(dataset)
    assert found.whole[0] == found.whole[9]
    assert len(np.unique(found.whole)) == 299
    assert "x" in found.fields
    assert found.known[0] == pytest.approx(4 / 5)


def test_fingerprints_do_not_depend_on_the_block(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = audit.fingerprints(dataset).whole
    monkeypatch.setattr(audit, "BLOCK", 7)
    np.testing.assert_array_equal(audit.fingerprints(dataset).whole, whole)


def test_single_columns_are_checked(dataset: Dataset) -> None:
    drawn = training(dataset, most_subjects=1000, seed=0)
    source = [{"column": "c", "looks": "free text", "distinct": 3, "distinct_share": 0.9}]
    found = audit.checks(dataset, list(audit.columns(dataset, drawn.rows)), drawn, source)
    told = {(f.kind, f.field) for f in found if f.state == "found"}
    assert told == {
        ("empty", "none"), ("constant", "one"), ("free_text", "c"), ("identifiers", "mrn")
    }  # fmt: skip
    assert {f.kind for f in found if f.state == "clear"} == {"cardinality", "units"}


def test_at_most_so_many_patients_are_drawn_and_it_is_said(dataset: Dataset) -> None:
    drawn = training(dataset, most_subjects=50, seed=0)
    again = training(dataset, most_subjects=50, seed=0)
    assert drawn.size == 50
    assert drawn.of == 200
    np.testing.assert_array_equal(drawn.rows, again.rows)
    assert drawn.sampled == "; measured on 50 of 200 patients"
    assert (drawn.rows < 200).all()
