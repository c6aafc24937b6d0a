"""The audit of images: what it must find by itself, in made-up and in real data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Dataset
from bedside.core.finding import Finding
from bedside.methods.audit.training import training
from bedside.modalities.images import audit

ROWS = 300


def _checked(dataset: Dataset) -> list[Finding]:
    drawn = training(dataset, most_subjects=50_000, seed=0)
    return audit.checks(dataset, list(audit.columns(dataset, drawn.rows)), drawn, [])


def _told(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.kind: finding for finding in findings if finding.state == "found"}


def _target(seed: int = 9) -> np.ndarray:
    return (np.random.Generator(np.random.Philox(seed)).random(ROWS) < 0.5).astype(float)


def test_honest_images_are_passed(dataset_of, blobs) -> None:
    findings = _checked(dataset_of(blobs(0, ROWS), target=_target()))
    assert _told(findings) == {}
    kinds = {finding.kind for finding in findings}
    assert kinds == {"near_duplicates", "blank", "burned_in", "acquisition"}


def test_near_copies_and_a_border_that_tells_are_found(dataset_of, blobs) -> None:
    images, target = blobs(1, ROWS), _target()
    images[target == 1, :, 0] = 250
    copies = {200: images[10, :, :, ::-1], 220: np.rot90(images[11], 1, axes=(1, 2)),
              240: images[12] * 0.9}  # fmt: skip
    for row, copy in copies.items():
        images[row] = copy
    images[260] = images[13]
    images[290:292] = 5
    told = _told(_checked(dataset_of(images, target=target)))
    assert set(told) == {"near_duplicates", "acquisition", "blank"}
    assert told["near_duplicates"].sentence.startswith("3 pairs")
    for pair in ("10 and 200", "11 and 220", "12 and 240"):
        assert pair in told["near_duplicates"].look
    assert "outermost 4 %" in told["acquisition"].sentence
    assert told["blank"].sentence.startswith("2 images have the same value")


def test_facts_that_tell_the_outcome_are_found(dataset_of, blobs) -> None:
    target = _target()
    facts = pl.DataFrame({"model": np.where(target == 1, "X", "Y")})
    told = _told(_checked(dataset_of(blobs(2, ROWS), target=target, facts=facts)))
    assert set(told) == {"acquisition"}
    assert "'model', a fact of its acquisition (AUROC 1" in told["acquisition"].sentence


def test_labels_outside_training_are_not_read(dataset_of, blobs) -> None:
    images, target = blobs(3, ROWS), _target()
    before = _checked(dataset_of(images, target=target))
    other = np.where(np.arange(ROWS) < 0.6 * ROWS, target, 1 - target)
    after = _checked(dataset_of(images, target=other))
    assert [f.sentence for f in after] == [f.sentence for f in before]


def test_segmentation_asks_for_masks_and_not_for_labels(dataset_of, blobs) -> None:
    images = blobs(4, ROWS)
    mask = (images[:, 0] > 128).astype(np.uint8)
    mask[5] = 0
    mask[:, [0, -1]] = mask[:, :, [0, -1]] = 0
    findings = _checked(dataset_of(images, mask=mask, task="segmentation", classes=("blob",)))
    assert "acquisition" not in {finding.kind for finding in findings}
    assert "1 mask is empty" in _told(findings)["masks"].sentence


def test_fingerprints_are_of_all_pixels(dataset_of, blobs) -> None:
    images = blobs(5, 30)
    images[20] = images[3]
    images[21] = images[4]
    images[21, 0, 5, 5] ^= 1
    images[22] = 9
    prints = audit.fingerprints(dataset_of(images))
    assert prints.noun == "image"
    assert prints.whole[20] == prints.whole[3]
    assert len(set(prints.whole.tolist())) == 29
    assert np.flatnonzero(prints.known == 0).tolist() == [22]


@pytest.mark.slow
def test_pneumonia_s_border_tells_and_identical_images_cross(dataset_of, data_folder: Path) -> None:
    path = data_folder / "pneumoniamnist_reconstructed.npz"
    if not path.is_file():
        pytest.skip(path.name)
    held = np.load(path)
    parts = ("train", "val", "test")
    images = np.concatenate([held[f"{part}_images"] for part in parts])[:, None]
    same = np.unique(images.reshape(len(images), -1), axis=0, return_inverse=True)[1]
    dataset = dataset_of(
        images, target=np.concatenate([held[f"{p}_labels"] for p in parts])[:, 0].astype(float),
        subject=same, split=np.array([0, 0, 0, 1, 2])[same % 5],
        given=np.repeat(parts, [len(held[f"{part}_labels"]) for part in parts]),
    )  # fmt: skip
    from bedside.methods.audit.given_split import given_split_findings

    told = _told(_checked(dataset))
    assert set(told) == {"acquisition", "near_duplicates"}
    assert "2674 and 2713" in told["near_duplicates"].look  # one child, taken twice
    prints = audit.fingerprints(dataset)
    (found,) = given_split_findings(dataset.samples, prints, named=False, data="all@0")
    assert found.sentence.startswith("8 images are in more than one part")


def test_no_value_is_said(dataset_of, blobs) -> None:
    subject = [f"Kanarienvogel {at}" for at in range(ROWS)]
    findings = _checked(dataset_of(blobs(6, ROWS), target=_target(), subject=subject))
    assert "Kanarienvogel" not in json.dumps([finding.record("warn") for finding in findings])
