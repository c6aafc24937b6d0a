"""The study's chain in training: none where none is asked for; the same for the same rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.modalities.images.made_sources import grey, schema_of

from bedside.core.spec import Plain
from bedside.methods import outcome as outcomes
from bedside.methods.entrant import Lesson
from bedside.methods.tune import Budget
from bedside.modalities.images.train_augment import augmentation, chain_of

FLIPPED: Plain = {
    "axes": ["up-down", "left-right"],
    "ops": [{"op": "flip", "axes": ["left-right"]}, {"op": "brightness", "factor": [0.5, 1.5]}],
}
IMAGES = np.stack([grey(seed, side=10)[None] for seed in range(6)])
LABELS = np.arange(6)


def lesson(chain: Plain) -> Lesson:
    outcome = outcomes.binary(np.arange(6) % 2 == 0)
    return Lesson(
        schema=schema_of((1, 10, 10), "uint8"), train={"image": IMAGES}, train_outcome=outcome,
        select={"image": IMAGES}, select_outcome=outcome,
        select_subjects=np.arange(len(IMAGES)), budget=Budget(), epochs=1, patience=0,
        seed=4, chain=chain,
    )  # fmt: skip


def test_no_chain_and_a_chain_of_nothing_change_nothing() -> None:
    assert augmentation(lesson(None)) is None
    assert chain_of(lesson({"axes": ["up-down", "left-right"], "ops": []}), (10, 10)) is None


def test_a_sample_is_changed_by_who_it_is_and_when() -> None:
    augment = augmentation(lesson(FLIPPED))
    assert augment is not None
    rows = np.arange(6)
    (whole,), labels = augment((IMAGES,), LABELS, rows, epoch=1)
    np.testing.assert_array_equal(labels, LABELS)
    assert whole.shape == IMAGES.shape
    for some in ([5], [3, 0], [1, 2, 4]):
        (part,), _ = augment((IMAGES[some],), LABELS[some], rows[some], epoch=1)
        np.testing.assert_array_equal(part, whole[some])
    (later,), _ = augment((IMAGES,), LABELS, rows, epoch=2)
    assert (later != whole).any()
    other = augmentation(replace(lesson(FLIPPED), seed=5))
    assert other is not None
    assert (other((IMAGES,), LABELS, rows, epoch=1)[0][0] != whole).any()
