"""Whose inputs may be learnt from: nobody who is measured later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Dataset, Field, Schema, Target, write_dataset
from bedside.core.errors import DataError
from bedside.methods.pretraining.pool import (
    Added,
    pool_of,
    require_no_copies,
    require_unseen,
    subjects_in,
)

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


def test_a_row_with_one_of_several_labels_has_an_outcome(tmp_path: Path) -> None:
    labels = Target(type="multilabel", outcome="findings", classes=("mass", "effusion"))
    samples = pl.DataFrame({
        "sample": [0, 1, 2], "subject": ["a", "b", "c"], "split": ["train"] * 3,
        "target": pl.Series([None] * 3, dtype=pl.Float64),
        "target.mass": [1.0, None, None], "target.effusion": [0.0, 1.0, None],
    })  # fmt: skip
    schema = replace(SCHEMA, target=labels)
    arrays = {"numeric": np.zeros((3, 1), np.float32)}
    assert pool_of(write_dataset(tmp_path, schema, samples, arrays)).unlabelled == 1


@pytest.mark.parametrize("split", ["tune", "held_out", "external"])
def test_a_pool_with_a_patient_of_another_split_is_refused_with_how_many(
    tmp_path: Path, split: str
) -> None:
    made = dataset(tmp_path / "d", ["a", "b", "c", "a", "b"], ["train"] * 3 + [split] * 2)
    with pytest.raises(DataError, match=rf"2 of 3 are {split.replace('_', '-')} patients"):
        pool_of(made)


def test_added_samples_are_counted_and_patients_once(tmp_path: Path) -> None:
    made = dataset(tmp_path / "d", ["a", "a", "b", "c"], ["train"] * 3 + ["tune"])
    arrays = {"numeric": np.zeros((4, 1), np.float32)}
    found = pool_of(made, Added(arrays=arrays, subjects=("b", "x", "x", "y")))
    assert (found.samples, found.patients, found.newcomers) == (7, 4, 2)
    assert len(set(found.subjects[[2, 3]].tolist())) == 1


def test_patients_who_are_measured_later_are_found_by_any_form_of_their_name(
    tmp_path: Path,
) -> None:
    splits = ["train", "tune", "held_out", "external"]
    made = dataset(tmp_path / "d", ["P001", "P002", "P003", "P004"], splits)
    require_unseen(["P001", "new"], made)
    with pytest.raises(DataError, match="1 held-out patients and 1 external patients among its 3"):
        require_unseen(["p3", "P4", "P5"], made)
    apart = dataset(tmp_path / "e", ["7", "007", "8", "9"], splits)
    require_unseen(["008"], apart)  # there such names are two patients
    with pytest.raises(DataError, match="1 tune patients"):
        require_unseen(["007"], apart)


def test_copies_under_other_names_are_found_and_what_says_nothing_is_not() -> None:
    pool = np.array([0, 5, 6], np.uint64)
    require_no_copies(pool, {"tune": np.array([0, 9], np.uint64)}, "image")
    with pytest.raises(DataError, match="2 images of held-out patients among its 3"):
        require_no_copies(pool, {"held_out": np.array([5, 6, 0], np.uint64)}, "image")


def test_a_pool_that_names_no_patient_is_told_what_to_do() -> None:
    frame = pl.DataFrame({"patient": ["a", " "], "age": [1, 2]})
    with pytest.raises(DataError, match="1 of 2 rows without"):
        subjects_in(frame, "patient")
    with pytest.raises(DataError, match="add it to the pool"):
        subjects_in(frame, "person")
    assert subjects_in(pl.DataFrame({"p": [1.0, 2.0]}), "p") == ("1", "2")
