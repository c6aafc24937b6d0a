"""The ladder of images: a blob to be seen, and a blob to be outlined, from data set to page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from tests.modalities.images.made_sources import schema_of

from bedside.core import cells
from bedside.core.context import Context
from bedside.core.dataset import write_dataset
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Run
from bedside.core.study import build_study
from bedside.stages import history

SIDE = 16
VOLUME = (8, 8, 8)
SPEC = history.Spec(trials=1, batch=8, replicates=60, fewest_subjects=10, fewest_events=3)


@pytest.fixture(autouse=True)
def single() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pictures(count: int, *, everywhere: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images [N, 1, S, S] uint8, masks [N, S, S] and whether a bright blob is there [N]."""
    rng = np.random.default_rng(6)
    images = rng.normal(60, 12, (count, SIDE, SIDE))
    masks = np.zeros((count, SIDE, SIDE), np.uint8)
    there = np.ones(count, bool) if everywhere else rng.random(count) < 0.5
    for at in np.flatnonzero(there):
        row, column = rng.integers(1, SIDE - 6, 2)
        masks[at, row : row + 5, column : column + 5] = 1
        images[at][masks[at] > 0] += 120
    return images.clip(0, 255).astype(np.uint8)[:, None], masks, there


def volumes(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of volumes [N, 1, 8, 8, 8]: a bright block of 4 x 4 x 4 in each."""
    rng = np.random.default_rng(8)
    images = rng.normal(60, 12, (count, *VOLUME))
    masks = np.zeros(images.shape, np.uint8)
    for at in range(count):
        place = tuple(slice(n, n + 4) for n in rng.integers(0, 5, 3))
        masks[at][place] = 1
        images[at][place] += 120
    return images.clip(0, 255).astype(np.uint8)[:, None], masks, np.ones(count, bool)


def prepared(folder: Path, task: str, *, volume: bool = False) -> Run:
    count = 120
    images, masks, there = pictures(count, everywhere=task == "segmentation")
    if volume:
        images, masks, there = volumes(count)
    spatial = images.shape[2:]
    target: list[float | None] = there.astype(float).tolist()
    if task == "segmentation":
        target[-1] = None  # nobody outlined it; it is a held-out one
    frame = pl.DataFrame({
        "sample": range(count), "subject": [f"S{at // 2}" for at in range(count)],
        "split": [["train", "train", "tune", "held_out"][at // 2 % 4] for at in range(count)],
        "target": target, "duration": [None] * count, "event": [0] * count,
    }, schema_overrides={"duration": pl.Float64, "event": pl.Int8})  # fmt: skip
    arrays = {
        "image": images, "mask": masks, "spacing": np.ones((count, len(spatial)), np.float32),
        "extent": np.tile(np.array(spatial, np.int32), (count, 1)),
    }  # fmt: skip
    schema = schema_of((1, *spatial), "uint8", task=task)
    if task == "segmentation":
        schema = replace(schema, target=replace(schema.target, classes=("blob",)))
    folder.mkdir()
    write_dataset(folder, schema, frame, arrays)
    return Run(folder)


@pytest.fixture
def climb(tmp_path: Path) -> Callable[[str, history.Spec], Run]:
    def run(task: str, spec: history.Spec, *, volume: bool = False) -> Run:
        audit = Run(tmp_path / "audit-0")
        audit.write_json("dropped.json", [])
        study = build_study(
            {"study": {"name": "blobs", "question": "Is there a blob?", "modality": "images"},
             "task": {"type": task, "target": "blob", "structures": ["blob"]}},
            path=Path("blobs.toml"),
        )  # fmt: skip
        data = prepared(tmp_path / "prepare-0", task, volume=volume)
        context = Context(
            study=study, run=Run(tmp_path / "history-0"), cell=cells.cell("images", "history"),
            inputs={"prepare": data, "audit": audit},
            executor=InProcess(), progress=Silent(),
        )  # fmt: skip
        history.run(spec, context)
        return context.run

    return run


def test_a_blob_is_seen(climb: Callable[..., Run]) -> None:
    run = climb("binary", replace(SPEC, generations=("perceptron", "resnet"), steps=60))
    record = json.loads((run.folder / "history.json").read_text())
    by_name = {one["name"]: one for one in record["generations"]}
    assert by_name["resnet"]["value"] > 0.95
    assert by_name["resnet"]["parameters"] > by_name["perceptron"]["parameters"]
    assert by_name["resnet"]["seconds"] > by_name["perceptron"]["seconds"]
    assert record["measure"] == "auroc"


def test_a_blob_is_outlined(climb: Callable[..., Run]) -> None:
    run = climb("segmentation", replace(SPEC, generations=("perceptron", "unet"), steps=80))
    record = json.loads((run.folder / "history.json").read_text())
    by_name = {one["name"]: one for one in record["generations"]}
    assert record["measure"] == "dice"
    assert record["subjects"] == 15
    assert by_name["unet"]["value"] > 0.7
    masks = np.load(run.folder / "generations" / "unet" / "masks.npy")
    assert masks.shape == (30, SIDE, SIDE)
    assert "Ronneberger" in (run.folder / "history.html").read_text()


@pytest.mark.slow
def test_a_block_in_a_volume_is_outlined(climb: Callable[..., Run]) -> None:
    spec = replace(SPEC, generations=("perceptron", "unet"), steps=60)
    run = climb("segmentation", spec, volume=True)
    record = json.loads((run.folder / "history.json").read_text())
    by_name = {one["name"]: one for one in record["generations"]}
    assert record["measure"] == "dice"
    assert by_name["unet"]["value"] > 0.7
    assert by_name["unet"]["parameters"] > by_name["perceptron"]["parameters"]
