"""Dice alone against what measures masks whole."""

from __future__ import annotations

import numpy as np

from bedside.methods.intervals import estimate, resample
from bedside.methods.masks.patients import Patients
from bedside.methods.masks.scores import dice_measure, dice_of_images
from bedside.methods.masks.table import Asked, measure_masks


def test_the_same_as_of_the_whole_table() -> None:
    rng = np.random.default_rng(2)
    true = rng.integers(0, 3, (9, 6, 7)).astype(np.uint8)
    said = np.where(rng.random(true.shape) < 0.3, 0, true).astype(np.uint8)
    true[0], said[0] = 0, 0
    subjects = np.array([0, 0, 0, 1, 1, 2, 3, 4, 4])
    pairs = zip(said, true, [(1.0, 1.0)] * 9, strict=True)
    table = measure_masks(pairs, Asked(structures=("a", "b")))
    resamples = resample(subjects, replicates=50, seed=3)
    whole = estimate(Patients(table, resamples).measure([0, 1], np.ones(5, bool)), resamples)
    alone = estimate(dice_measure(dice_of_images(said, true, 2), subjects), resamples)
    np.testing.assert_allclose(alone["dice"], whole["dice"])
