"""What evaluate asks of tables: kept fields only, one field changing hands, table 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Dataset, Field, Schema, Target, write_dataset
from bedside.modalities.tables.evaluate import arrays, missing_share, permuted, summaries


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    schema = Schema(
        fields=(
            Field(name="age"),
            Field(name="sex", kind="category", categories=("F", "M")),
            Field(name="lactate"),
            Field(name="ward", kind="category", categories=("A", "B", "C")),
        ),
        target=Target(type="binary", outcome="death"),
    )
    samples = pl.DataFrame({"subject": ["a", "b", "c", "d"], "split": ["train"] * 4})
    numeric = np.array([[50, 1], [60, np.nan], [70, 3], [80, np.nan]], np.float32)
    codes = np.array([[1, 3], [2, 0], [2, 1], [0, 1]])
    return write_dataset(tmp_path, schema, samples, {"numeric": numeric, "codes": codes})


def test_dropped_fields_leave_the_arrays(data: Dataset) -> None:
    kept = arrays(data, data.schema.without(["age", "sex"]), np.array([2, 0]))
    assert kept["numeric"].tolist() == [[3.0], [1.0]]
    assert kept["codes"].tolist() == [[1], [3]]
    assert kept["numeric"].dtype == np.float32


def test_one_field_changes_hands_and_no_other(data: Dataset) -> None:
    held = arrays(data, data.schema, np.arange(4))
    order = np.array([3, 2, 1, 0])
    for name, key, column in (("lactate", "numeric", 1), ("ward", "codes", 1)):
        changed = permuted(held, data.schema, name, order)
        np.testing.assert_array_equal(changed[key][:, column], held[key][order, column])
        other = "codes" if key == "numeric" else "numeric"
        np.testing.assert_array_equal(changed[other], held[other])
        np.testing.assert_array_equal(changed[key][:, 0], held[key][:, 0])
    assert held["codes"][:, 1].tolist() == [3, 0, 1, 1]


def test_table_one(data: Dataset) -> None:
    found = summaries(data, data.schema, np.arange(4))
    assert list(found) == ["age", "sex", "lactate", "ward"]
    assert found["age"] == {"median": 65.0, "q1": 57.5, "q3": 72.5, "missing": 0.0}
    assert found["lactate"]["missing"] == 0.5
    assert found["sex"]["shares"]["M"] == {"count": 2, "share": pytest.approx(2 / 3)}
    assert found["sex"]["missing"] == 0.25


def test_a_field_that_nobody_has(data: Dataset) -> None:
    found = summaries(data, data.schema, np.array([1, 3]))
    assert found["lactate"] == {"median": None, "q1": None, "q3": None, "missing": 1.0}


def test_missing_share_counts_both_kinds(data: Dataset) -> None:
    assert missing_share(arrays(data, data.schema, np.arange(4))).tolist() == [0, 0.5, 0, 0.5]
