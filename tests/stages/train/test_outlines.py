"""Masks in training: whose they are, and how large what they outline is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from tests.modalities.images.made_sources import schema_of

from bedside.core.dataset import Dataset, Schema, Target, write_dataset
from bedside.stages.train.outlines import masks_of, true_volumes, write_masks

SCHEMA = schema_of((1, 0, 0, 0), "uint8", task="segmentation")
MASKS = np.random.default_rng(1).integers(0, 3, (4, 5, 6, 7)).astype(np.uint8)
SPACING = np.array([[2.0, 1.0, 0.5]] * 3 + [[np.nan] * 3], np.float32)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    samples = pl.DataFrame(
        {"sample": range(4), "subject": list("abcd"), "target": [1.0, None, 1.0, 1.0],
         "split": ["train", "train", "tune", "held_out"]}
    )  # fmt: skip
    images = np.zeros((4, 1, 5, 6, 7), np.uint8)
    arrays = {"image": images, "mask": MASKS, "spacing": SPACING}
    return write_dataset(tmp_path, SCHEMA, samples, arrays)


def test_masks_of_the_training_and_the_selecting_patients(dataset: Dataset) -> None:
    halves = SimpleNamespace(select=np.array([2]), calibrate=np.array([], np.int64))
    found = masks_of(dataset, SCHEMA, halves)  # type: ignore[arg-type]  # all that is asked of halves
    assert found is not None
    np.testing.assert_array_equal(found[0], MASKS[:2])
    np.testing.assert_array_equal(found[1], MASKS[2:3])
    other = Schema(fields=SCHEMA.fields, target=Target(type="binary", outcome="y"))
    assert masks_of(dataset, other, halves) is None  # type: ignore[arg-type]  # as above


def test_true_volumes_and_none_where_nobody_outlined(dataset: Dataset) -> None:
    found = true_volumes(dataset, SCHEMA, np.arange(4))
    assert np.isnan(found[1])
    assert found[0] == pytest.approx((MASKS[0] > 0).sum() / 1000)
    assert found[3] == pytest.approx((MASKS[3] > 0).sum() / 1000)  # thousands of voxels
    np.testing.assert_allclose(true_volumes(dataset, SCHEMA, np.array([3, 2])), found[[3, 2]])


def test_a_model_without_an_outliner_outlines_nothing(tmp_path: Path) -> None:
    learned = SimpleNamespace(outliner=None)
    with pytest.raises(TypeError, match="outliner"):
        write_masks(learned, {}, tmp_path)  # type: ignore[arg-type]  # a model of another task
