"""The stage `augment` on made-up data sets: its files, its evidence, and what it may not see."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from bedside.core.context import Context
from bedside.core.dataset import Field, Schema, Target, write_dataset
from bedside.core.executor import InProcess
from bedside.core.progress import Silent
from bedside.core.run import Run
from bedside.core.study import Study, build_study
from bedside.modalities.images import augment as cell
from bedside.stages import augment


def test_the_headline_s_words() -> None:
    assert doctest.testmod(augment).failed == 0


def study(**settings: object) -> Study:
    """A study whose section `[augment]` is as given."""
    task = {"type": "binary", "target": "kind", "positive": "yes"}
    about = {"name": "made up", "question": "Which?", "seed": 3}
    table = {"study": about, "task": task, "augment": settings}
    return build_study(table, path=Path("study.toml"))


def context(tmp_path: Path, study: Study, *, masks: bool, volume: bool = False) -> Context:
    """120 images of 40 patients; the bright ones are of class 1; every fifth is held out."""
    rng = np.random.default_rng(0)
    count, size = 120, (10, 20, 24) if volume else (24, 28)
    labels = np.arange(count) % 2
    images = rng.normal(40, 6, (count, 1, *size))
    outlined = np.zeros((count, *size), np.uint8)
    middle = tuple(slice(n // 3, 2 * n // 3) for n in size)
    for at in range(count):
        outlined[(at, *middle)] = 1 + labels[at]
        images[(at, 0, *middle)] += 30 + 60 * labels[at]
    split = np.where(np.arange(count) // 3 % 5 == 4, "held_out", "train")
    samples = pl.DataFrame({
        "sample": np.arange(count), "subject": [f"s{at // 3}" for at in range(count)],
        "split": split, "site": [None] * count, "time": [None] * count,
        "target": labels.astype(np.float64),
    })  # fmt: skip
    images[split == "held_out"] = np.nan if masks else 0
    prepared = tmp_path / "prepare-0000000000000000"
    prepared.mkdir()
    kind = "segmentation" if masks else "binary"
    settings = {"kind": "volume"} if volume else {"mirrors": ["left-right"]}
    schema = Schema(
        fields=(Field(name="image", modality="images", kind="image"),),
        target=Target(type=kind, outcome="kind", classes=("no", "yes")),
        settings=settings,
    )
    kept = images.astype(np.float32) if masks else images.clip(0, 255).astype(np.uint8)
    arrays = {"image": kept} | ({"mask": outlined} if masks else {})
    write_dataset(prepared, schema, samples, arrays)
    folder = tmp_path / "augment-0000000000000000"
    folder.mkdir()
    return Context(
        study=study, run=Run(folder), inputs={"prepare": Run(prepared)}, cell=cell,
        executor=InProcess(), progress=Silent(),
    )  # fmt: skip


def run(made: Context) -> str:
    """The stage, once; gives its headline."""
    spec = made.study.spec("augment")
    assert isinstance(spec, augment.Spec)
    return augment.run(spec, made).headline


def test_a_classification_ends_in_a_sheet_and_agreement_by_op(tmp_path: Path) -> None:
    made = context(tmp_path, study(samples=3, versions=4), masks=False)
    headline = run(made)
    assert headline.startswith("policy standard; least agreement")
    with Image.open(made.run.folder / "sheet.png") as sheet:
        assert sheet.size == (5 * 116 - 4, 3 * 116 - 4)
    (picture,) = made.run.read_json("pictures.json")
    assert set(picture) == {"file", "title", "alt", "note"}
    found = {item.slice: item for item in made.run.evidence()}
    assert {"all", "op=affine", "op=flip", "op=noise", "op=blur"} <= set(found)
    for item in found.values():
        assert item.measure == "augment.agreement"
        assert 10 <= item.subjects <= 22
        assert item.low <= item.value <= item.high <= 1
    assert found["op=flip"].low > 0.8
    chain = cell.chain_from(made.run.read_json("chain.json"), (24, 28))
    assert [op.NAME for op in chain.ops][:2] == ["flip", "affine"]
    assert chain.axes == ("up-down", "left-right")


def test_an_op_that_destroys_the_label_shows(tmp_path: Path) -> None:
    ruin = {"op": "brightness", "p": 1.0, "factor": [0.05, 0.06]}
    made = context(tmp_path, study(ops=[ruin, {"op": "affine"}]), masks=False)
    assert run(made).startswith("2 ops; least agreement")
    found = {item.slice: item for item in made.run.evidence()}
    assert found["op=brightness"].high < 0.8
    assert found["op=affine"].low > found["op=brightness"].high


@pytest.mark.parametrize("volume", [False, True])
def test_masks_keep_their_labels_and_their_volume(tmp_path: Path, volume: bool) -> None:
    """Held-out images are not numbers: looking at one would show."""
    made = context(tmp_path, study(most_samples=30), masks=True, volume=volume)
    run(made)
    found = {(item.measure, item.slice): item for item in made.run.evidence()}
    exact = found["augment.labels_exact", "all"]
    assert (exact.value, exact.high) == (1.0, 1.0)
    assert 0.5 < exact.low < 1
    assert found["augment.labels_kept", "all"].value > 0.95
    assert {about for _, about in found} == {"all", "structure=1", "structure=2"}


def test_a_crop_that_loses_structures_shows(tmp_path: Path) -> None:
    away = {"op": "affine", "translation": [0.7, 0.75], "p": 1.0}
    made = context(tmp_path, study(ops=[away], most_samples=30), masks=True)
    run(made)
    kept = next(item for item in made.run.evidence() if item.measure == "augment.labels_kept")
    assert kept.high < 0.5


@pytest.mark.parametrize("policy", ["none", "light", "trivial", "rand"])
def test_every_policy_runs(tmp_path: Path, policy: str) -> None:
    made = context(tmp_path, study(policy=policy, most_samples=60), masks=False)
    assert run(made).startswith(f"policy {policy}")


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    first = context(tmp_path, study(most_samples=40), masks=True)
    run(first)
    before = {path.name: path.read_bytes() for path in first.run.folder.iterdir()}
    run(first)
    assert {path.name: path.read_bytes() for path in first.run.folder.iterdir()} == before
