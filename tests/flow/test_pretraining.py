"""A study that asks for pretraining, from the command line: raced, compared, reported, resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.methods.pretraining.published_weights import weights_of
from tests.modalities.images.made_sources import folder_of
from tests.modalities.images.test_train import pictures

from bedside.adapters.raster import write_png
from bedside.core.chain import Order, execute
from bedside.core.dataset import Dataset
from bedside.core.executor import InProcess
from bedside.core.study import Study, build_study, read_study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
_ONLY = ["train.models=['logistic']", "train.trials=1", "train.shuffled=false"]


def test_a_pretrained_network_races_the_same_from_scratch(
    made_up_study: Study, tmp_path: Path
) -> None:
    study = read_study(made_up_study.file, [*_ONLY, "pretrain.tune=full"])
    order = Order(study=study, out=tmp_path / "out", tiny=True, executor=InProcess())
    result = execute(order)
    race = result.runs["train"].read_json("race.json")
    assert isinstance(race, dict)
    names = [entry["name"] for entry in race["models"]]  # type: ignore[index,union-attr,call-overload]  # JSON
    assert names == ["logistic", "mlp_large", "mlp_large_pretrained"]
    records = [result.runs["train"].read_json(f"models/{name}/model.json") for name in names[1:]]
    assert records[0]["seed"] == records[1]["seed"]  # type: ignore[index,call-overload]  # JSON
    assert records[0]["trials"] == records[1]["trials"]  # type: ignore[index,call-overload]
    gaps = [e for e in result.evidence if e.measure == "pretrained_minus_scratch.auroc"]
    assert {gap.model for gap in gaps} == {"mlp_large_pretrained"}
    assert all(gap.low is not None for gap in gaps)
    page = (tmp_path / "out" / "report.html").read_text()
    assert 'id="levers"' in page
    assert "Larger perceptron, pretrained" in page
    assert "outcomes unseen" in page


def test_without_the_section_there_is_no_trace_of_it(made_up_study: Study, tmp_path: Path) -> None:
    study = read_study(made_up_study.file, _ONLY)
    order = Order(study=study, out=tmp_path / "out", tiny=True, executor=InProcess())
    plain = execute(order)
    assert "pretrain" not in plain.runs
    assert not [e for e in plain.evidence if "pretrain" in e.measure]
    execute(Order(study=study, out=tmp_path / "out", tiny=True, until="pretrain"))
    again = execute(order)
    assert again.evidence == plain.evidence


def test_a_published_resnet_races_the_same_from_scratch(tmp_path: Path) -> None:
    save_file(weights_of(shortcut="padded", start="module."), tmp_path / "resnet18.safetensors")
    images, places = pictures(160, 9)
    names = np.array([f"P{at}" for at in range(len(images))])
    there = places.any(axis=(1, 2)).astype(np.int64)
    np.savez(tmp_path / "source.npz", images=images[:, 0], patient=names, label=there)
    table = {
        "study": {"name": "blobs", "question": "Is there a blob?", "modality": "images"},
        "data": {"source": "source.npz", "subject": "patient"},
        "task": {"type": "binary", "target": "label", "positive": "1", "outcome": "a blob"},
        "images": {"image": "images"},
        "train": {"models": ["logistic"], "trials": 1, "shuffled": False},
        "pretrain": {
            "weights": "resnet18.safetensors", "licence": "BSD-3-Clause", "scale": "imagenet",
            "tune": "partial",
        },
    }  # fmt: skip
    study = build_study(table, path=tmp_path / "study.toml")
    out = tmp_path / "out"
    result = execute(Order(study=study, out=out, tiny=True, executor=InProcess()))
    train = result.runs["train"]
    race = train.read_json("race.json")
    raced = [entry["name"] for entry in race["models"]]  # type: ignore[index,union-attr,call-overload]  # JSON
    assert raced == ["logistic", "resnet18", "resnet18_pretrained"]
    records = [train.read_json(f"models/{name}/model.json") for name in raced[1:]]
    assert {record["settings"]["shortcut"] for record in records} == {"padded"}  # type: ignore[index,call-overload]  # JSON
    gaps = [e for e in result.evidence if e.measure == "pretrained_minus_scratch.auroc"]
    assert [gap.model for gap in gaps] == ["resnet18_pretrained"]
    page = (out / "report.html").read_text()
    for words in ("ResNet-18, pretrained", "summed over its 3 channels", "BSD-3-Clause"):
        assert words in page


def outlined(folder: Path, count: int = 120) -> Study:
    """A study of masks: of every third patient there is none, and a pool lies beside it."""
    images, places = pictures(count, 9)
    files = {f"source/images/P{at}.png": write_png(images[at, 0]) for at in range(count)}
    files |= {
        f"source/masks/P{at}.png": write_png(places[at] * np.uint8(255))
        for at in range(count)
        if at % 3
    }
    fresh = pictures(20, 10)[0]
    files |= {f"pool/images/Q{at}.png": write_png(fresh[at, 0]) for at in range(20)}
    folder_of(folder, files)
    table = {
        "study": {"name": "blobs", "question": "Where is the blob?", "modality": "images"},
        "data": {"source": "source", "subject": "patient"},
        "images": {"image": "images/{patient}.png", "mask": "masks/{patient}.png"},
        "task": {"type": "segmentation", "structures": ["blob"], "outcome": "outline of a blob"},
        "train": {"models": ["voxel_trees"], "trials": 1},
        "pretrain": {"pool": "pool"},
    }  # fmt: skip
    return build_study(table, path=folder / "study.toml")


def test_a_pretrained_unet_races_the_same_from_scratch(tmp_path: Path) -> None:
    study, out = outlined(tmp_path), tmp_path / "out"
    result = execute(Order(study=study, out=out, tiny=True, executor=InProcess()))
    told, train = result.runs["pretrain"].read_json("pretrain.json"), result.runs["train"]
    assert isinstance(told, dict)
    splits = Dataset(result.runs["prepare"].folder).samples["split"].to_list()
    assert told["rows"] == splits.count("train") + 20
    assert told["pool"]["patients"] == 20  # type: ignore[index,call-overload]  # JSON
    assert told["left_out"] == {name: splits.count(name) for name in ("tune", "held_out")}
    assert told["unlabelled"] > 0  # type: ignore[operator]  # JSON
    race = train.read_json("race.json")
    raced = [entry["name"] for entry in race["models"]]  # type: ignore[index,union-attr,call-overload]  # JSON
    assert raced == ["voxel_trees", "unet", "unet_pretrained"]
    records = [train.read_json(f"models/{name}/model.json") for name in raced[1:]]
    for key in ("seed", "trials", "settings", "length", "patch", "parameters"):
        assert records[0][key] == records[1][key]  # type: ignore[index,call-overload]  # JSON
    gaps = {e.slice: e for e in result.evidence if e.measure == "pretrained_minus_scratch.dice"}
    assert gaps["all"].model == "unet_pretrained"
    assert gaps["all"].low is not None
    page = (out / "report.html").read_text()
    for words in ("U-Net, pretrained", "20 patients of an unlabelled pool", "outcomes unseen"):
        assert words in page


def _command(study: Path, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "bedside.cli", "pretrain", str(study), "--out", str(out),
        "--set", "pretrain.epochs=60", "--workers", "1",
    ]  # fmt: skip


def test_a_killed_pretraining_goes_on_to_the_same_encoder(
    made_up_study: Study, tmp_path: Path
) -> None:
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    subprocess.run(_command(made_up_study.file, calm), capture_output=True, check=True)
    process = subprocess.Popen(
        _command(made_up_study.file, killed), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not list(killed.glob("runs/pretrain-*/checkpoint.safetensors")):
        assert process.poll() is None
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not list(killed.glob("runs/pretrain-*/DONE"))
    subprocess.run(_command(made_up_study.file, killed), capture_output=True, check=True)
    (first,) = calm.glob("runs/pretrain-*/encoder.safetensors")
    (second,) = killed.glob("runs/pretrain-*/encoder.safetensors")
    assert first.read_bytes() == second.read_bytes()
    assert (calm / "evidence.jsonl").read_text() == (killed / "evidence.jsonl").read_text()
