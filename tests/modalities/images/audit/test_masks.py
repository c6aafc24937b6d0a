"""Masks: what is empty, missing, cut, of odd size or over nothing; training patients alone."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.finding import Finding
from bedside.methods.audit.training import training
from bedside.modalities.images.audit.masks import mask_findings, outlying

ROWS = 60


def _volumes() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.Generator(np.random.Philox(0))
    images = generator.integers(0, 200, (ROWS, 1, 6, 20, 20)).astype(np.uint8)
    mask = np.zeros((ROWS, 6, 20, 20), np.uint8)
    for at in range(ROWS):
        mask[at, 1:5, 4 : 9 + at % 3, 4:10] = 1
        mask[at, 2:4, 12:16, 4 : 9 + at % 2] = 2
    return images, mask


def _found(dataset_of, images: np.ndarray, mask: np.ndarray, **given) -> list[Finding]:
    dataset = dataset_of(
        images, mask=mask, task="segmentation", classes=("front", "back"),
        split=np.where(np.arange(ROWS) < 40, 0, 2), **given,
    )  # fmt: skip
    drawn = training(dataset, most_subjects=1000, seed=0)
    return mask_findings(dataset, drawn)


def _told(findings: list[Finding]) -> dict[str, str]:
    return {f.evidence[0].slice: f.sentence for f in findings if f.state == "found"}


def test_good_masks_are_passed(dataset_of) -> None:
    findings = _found(dataset_of, *_volumes())
    assert _told(findings) == {}
    assert any("'front' is in 40 of 40 masks" in f.sentence for f in findings)


@pytest.mark.parametrize(
    ("row", "change", "slice_", "words"),
    [
        (3, lambda m: m.fill(0), "empty", "1 mask is empty, of 1 patient"),
        (4, lambda m: m.__setitem__(m == 2, 0), "back", "missing where nearly all have it, in 1"),
        (5, lambda m: m[1:5, 1:19].fill(1), "front & size", "unusual in 1 mask, of 1 patient"),
    ],
)
def test_planted_mistakes_are_found(dataset_of, row, change, slice_, words) -> None:
    images, mask = _volumes()
    change(mask[row])
    told = _told(_found(dataset_of, images, mask))
    assert words in told[slice_]


def test_a_mistake_outside_training_is_not_looked_at(dataset_of) -> None:
    images, mask = _volumes()
    mask[45] = 0
    mask[50, :, :] = 1
    assert _told(_found(dataset_of, images, mask)) == {}


def test_masks_over_padding_and_over_nothing(dataset_of) -> None:
    images, mask = _volumes()
    extent = np.tile(np.array([6, 20, 20], np.int32), (ROWS, 1))
    extent[2] = (6, 14, 20)
    images[7] = 0
    told = _told(_found(dataset_of, images, mask, extent=extent))
    assert told["over nothing"].startswith("2 masks are where the image has nothing")


def test_structures_cut_by_the_edge(dataset_of) -> None:
    images, mask = _volumes()
    mask[:5, 0, 5, 5] = 1
    assert "the edge of the image cuts it in 5" in _told(_found(dataset_of, images, mask))["front"]


def test_sizes_are_ml_where_spacing_is_known(dataset_of) -> None:
    spacing = np.full((ROWS, 3), 2.0, np.float32)
    findings = _found(dataset_of, *_volumes(), spacing=spacing)
    sentence = next(f.sentence for f in findings if "'back' is in" in f.sentence)
    assert "of 0.32 ml" in sentence or "ml (90 %" in sentence


def test_masks_that_are_all_empty(dataset_of) -> None:
    images, mask = _volumes()
    findings = _found(dataset_of, images, np.zeros_like(mask))
    assert "40 masks are empty, of 40 patients" in _told(findings)["empty"]


def test_masks_beside_labels_are_there_where_the_outcome_is(dataset_of) -> None:
    images, mask = _volumes()
    target = (np.arange(ROWS) % 2).astype(float)
    mask[target == 0] = 0
    given = {"mask": mask, "target": target, "split": np.where(np.arange(ROWS) < 40, 0, 2)}

    def told() -> list[Finding]:
        dataset = dataset_of(images, **given)
        return mask_findings(dataset, training(dataset, most_subjects=1000, seed=0))

    assert _told(told()) == {}
    mask[1], mask[45] = 0, 0
    mask[2, 2, 5:8, 5:8] = 1
    assert _told(told())["and labels"] == (
        "1 of 20 images with the outcome have an empty mask, and 1 of 20 without it have one."
    )


def test_sizes_of_one_spread_are_not_outlying() -> None:
    generator = np.random.Generator(np.random.Philox(2))
    assert sum(outlying(np.exp(generator.normal(3, 0.2, 200))).any() for _ in range(50)) <= 1
