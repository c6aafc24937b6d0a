"""The closer look at a model of images: on the right rows, at what is planted, kept on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.modalities.images.made_sources import schema_of

from bedside.adapters.raster import read_raster
from bedside.core.dataset import Dataset, Schema, write_dataset
from bedside.methods.evaluation.looking import Looking, Model
from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.truth import Truth
from bedside.methods.outlining import Outliner
from bedside.methods.policy import Policy
from bedside.modalities.images import evaluate

ROWS, SIDE = 40, 16
CLASSES = schema_of((1, SIDE, SIDE), "uint8", image="{patient}.png")
OUTLINES = schema_of((1, 0, 0), "uint8", task="segmentation", image="{patient}.png")


def dataset(folder: Path, schema: Schema, *, image: np.ndarray, **arrays: np.ndarray) -> Dataset:
    """Even rows train, odd ones are held out; class 1 where row // 2 is odd; two rows a patient."""
    at = np.arange(len(image))
    samples = pl.DataFrame({
        "sample": at, "subject": [f"p{row // 4}" for row in at],
        "split": np.where(at % 2 == 0, "train", "held_out"), "target": (at // 2 % 2).astype(float),
    })  # fmt: skip
    folder.mkdir()
    return write_dataset(folder, schema, samples, {"image": image, **arrays})


def looking(data: Dataset, rows: np.ndarray, compute: object, folder: Path) -> Looking:
    """A released model before some rows."""
    task = data.schema.target.type
    subjects = data.subjects(rows)
    binary = task == "binary"
    truth = Truth(
        task="binary" if binary else "regression", subjects=subjects,
        target=data.samples["target"][rows].to_numpy(), counts=np.ones(len(rows)),
    )  # fmt: skip
    policy = Policy(
        task=task, threshold=0.5 if binary else None, coverage=0.9, quantiles=(1.0, 1.0),
        novelty_limit=5.0, most_missing=1.0, patients=ROWS,
    )  # fmt: skip
    arrays = evaluate.arrays(data, data.schema, rows)
    return Looking(
        dataset=data, schema=data.schema, rows=rows, arrays=arrays, truth=truth,
        resamples=truth.resamples(40, 1), record=Record("held_out@1", level=0.95),
        model=Model(name="made", compute=compute, edges=None, folder=folder),  # type: ignore[arg-type]  # a model in Python
        policy=policy, control=None, seed=1, repeats=1, replicates=40, most_rows=30, folder=folder,
    )  # fmt: skip


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(90, 110, (ROWS, 1, SIDE, SIDE)).astype(np.uint8)


def bright(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """A risk by the middle's brightness; novel where the corner is white."""
    image = np.asarray(arrays["image"], np.float32)
    risk = 1 / (1 + np.exp(-(image[:, 0, 6:10, 6:10].mean(axis=(1, 2)) - 150) / 10))
    return risk[:, None], np.where(image[:, 0, 0, 0] > 250, 9.0, 0.0)


def test_a_classification_is_looked_at(tmp_path: Path) -> None:
    image = noise()
    image[np.arange(ROWS) // 2 % 2 == 1, :, 6:10, 6:10] = 200
    image[1, 0, 0, 0] = 255
    data = dataset(tmp_path / "data", CLASSES, image=image)
    look = looking(data, data.rows("held_out"), bright, tmp_path)
    curves = evaluate.look(look)
    assert set(curves) == {"corruptions"}, "a model without weights has no gradient"
    found = curves["corruptions"]
    assert found["images"] == 20
    for curve in found["corruptions"]:
        assert curve["value"][0] == 1.0
        assert curve["abstained"][0] == pytest.approx(1 / 20)
    (covered,) = [x for x in look.record.lines
                  if x.measure == "robustness.auroc" and x.slice == "occlusion 5"]  # fmt: skip
    assert covered.value < 1
    assert covered.subjects == 10
    told = json.loads((tmp_path / "pictures.json").read_text())
    assert [item["file"] for item in told] == [f"picture_{n + 1}.png" for n in range(len(told))]
    assert {"Examples, it: no", "Examples, it: yes"} <= {item["title"] for item in told}
    for item in told:
        assert read_raster((tmp_path / item["file"]).read_bytes()).values.size
        assert item["alt"]


def over(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The one structure is what is over 150."""
    image = np.asarray(arrays["image"], np.float32)
    there = (image[:, 0] > 150).astype(np.float32)
    return np.stack([1 - there, there, 0 * there], axis=1), np.zeros(len(image))


def test_masks_are_looked_at_by_the_rows_that_are_asked_for(tmp_path: Path) -> None:
    """Half of each asked-for structure is seen; masks of other rows are wrong on purpose."""
    image, mask = noise(), np.full((ROWS, SIDE, SIDE), 2, np.uint8)
    rows = np.arange(1, ROWS, 6)
    mask[rows] = 0
    mask[rows, :8, 2:10] = 1
    image[rows, :, 4:8, 2:10] = 250
    extent = np.tile(np.array([SIDE, 12], np.int32), (ROWS, 1))
    data = dataset(tmp_path / "data", OUTLINES, image=image, mask=mask, extent=extent,
                   spacing=np.ones((ROWS, 2), np.float32))  # fmt: skip
    outliner = Outliner(patches=over, patch=(SIDE, SIDE), structures=2)
    look = looking(data, rows, outliner, tmp_path)
    curves = evaluate.look(look)
    assert set(curves) == {"corruptions"}
    front = 2 * 32 / (64 + 32)
    back = 1.0  # neither there nor outlined
    for curve in curves["corruptions"]["corruptions"]:
        assert curve["value"][0] == pytest.approx((front + back) / 2)
    assert curves["corruptions"]["images"] == len(rows)
    told = json.loads((tmp_path / "pictures.json").read_text())
    assert told
    assert all((tmp_path / item["file"]).is_file() for item in told)


def test_summaries_are_of_the_rows_asked_for(tmp_path: Path) -> None:
    image = np.zeros((ROWS, 1, SIDE, SIDE), np.uint8)
    image[1::2, :, :8] = np.arange(0, 40, 2)[:, None, None, None]  # half of it: mean k, contrast k
    image[0::2] = 255
    data = dataset(tmp_path / "data", CLASSES, image=image)
    found = evaluate.summaries(data, CLASSES, data.rows("held_out"))
    for name in ("brightness", "contrast"):
        assert found[name] == {"median": 9.5, "q1": 4.75, "q3": 14.25, "missing": 0.0}
    found = evaluate.summaries(data, CLASSES, data.rows("train"))
    assert (found["brightness"]["median"], found["contrast"]["q3"]) == (255.0, 0.0)


def test_a_long_list_is_summed_up_from_evenly_spaced_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "_SUMMED", 7)
    image = np.broadcast_to(np.arange(ROWS, dtype=np.uint8)[:, None, None, None],
                            (ROWS, 1, SIDE, SIDE))  # fmt: skip
    data = dataset(tmp_path / "data", CLASSES, image=np.array(image))
    found = evaluate.summaries(data, CLASSES, np.arange(ROWS))
    assert found["brightness"]["median"] == 18.0  # of 0, 6, ..., 36
