"""Whose inputs may be learnt from: nobody who is measured later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Dataset, Field, Schema, Target, write_dataset
from bedside.core.errors import DataError
from bedside.methods.pretraining.pool import pool_of

SCHEMA = Schema(fields=(Field(name="age"),), target=Target(type="binary", outcome="death"))


def dataset(folder: Path, subjects: list[str], splits: list[str]) -> Dataset:
    folder.mkdir(exist_ok=True)
    count = len(subjects)
    target = [None if at % 2 else 1.0 for at in range(count)]
    samples = pl.DataFrame(
        {"sample": np.arange(count), "subject": subjects, "split": splits, "target": target}
    )
    return write_dataset(folder, SCHEMA, samples, {"numeric": np.zeros((count, 1), np.float32)})


def test_all_rows_of_training_patients_and_no_others(tmp_path: Path) -> None:
    splits = ["train", "train", "tune", "held_out", "held_out", "external", "train"]
    found = pool_of(dataset(tmp_path / "d", ["a", "a", "b", "c", "d", "e", "f"], splits))
    assert found.rows.tolist() == [0, 1, 6]
    assert found.patients == 2
    assert found.unlabelled == 1
    assert found.left_out == {"tune": 1, "held_out": 2, "external": 1}


@pytest.mark.parametrize("split", ["tune", "held_out", "external"])
def test_a_pool_with_a_patient_of_another_split_is_refused_with_how_many(
    tmp_path: Path, split: str
) -> None:
    made = dataset(tmp_path / "d", ["a", "b", "c", "a", "b"], ["train"] * 3 + [split] * 2)
    with pytest.raises(DataError, match=rf"2 of 3 are {split.replace('_', '-')} patients"):
        pool_of(made)
