"""Cases of a data set, some of them, and two sets joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Field, Schema, Target, write_dataset
from bedside.methods.cases import Cases, cases_of, joined
from bedside.methods.outcome import outcome_of


def _cases(folder: Path, target: Target) -> tuple[Cases, pl.DataFrame]:
    samples = pl.DataFrame(
        {
            "sample": [0, 1, 2, 3], "subject": ["a", "a", "b", "c"], "split": ["train"] * 4,
            "target": [1.0, 0.0, None, 1.0], "duration": [2.0, 9.0, 3.0, 4.0],
            "event": [1, 0, 0, 1],
        },
        schema_overrides={"event": pl.Int8},
    )  # fmt: skip
    schema = Schema(fields=(Field(name="age"),), target=target)
    numeric = np.arange(4, dtype=np.float32)[:, None]
    dataset = write_dataset(folder, schema, samples, {"numeric": numeric})
    rows = np.arange(4)
    return cases_of(dataset, {"numeric": numeric}, rows), samples


@pytest.mark.parametrize(
    ("kind", "horizon"), [("binary", None), ("binary", 5.0), ("survival", 5.0)]
)
def test_the_outcome_is_that_of_the_data_set(
    kind: str, horizon: float | None, tmp_path: Path
) -> None:
    target = Target(type=kind, outcome="death", horizon=horizon)
    cases, samples = _cases(tmp_path, target)
    edges = np.array([2.5, 5.0]) if kind == "survival" else None
    expected, found = outcome_of(samples, target, edges), cases.outcome(target, edges)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_array_equal(found.weights, expected.weights)


def test_rows_and_joined_keep_rows_together(tmp_path: Path) -> None:
    cases, _ = _cases(tmp_path, Target(type="binary", outcome="death"))
    both = joined(cases.rows(np.array([3])), cases.rows(np.array([True, False, False, False])))
    assert len(both) == 2
    assert both.arrays["numeric"][:, 0].tolist() == [3.0, 0.0]
    assert both.subjects.tolist() == [2, 0]
    assert both.duration.tolist() == [4.0, 2.0]
