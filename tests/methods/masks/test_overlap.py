"""Overlap: closed forms, empty masks, and masks that cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.masks import overlap, pair


def of(predicted, truth, spacing=(1.0, 1.0), structures=1):
    masks = pair(np.asarray(predicted, np.uint8), np.asarray(truth, np.uint8), spacing, structures)
    return [overlap(one) for one in masks.structures(structures)]


def test_counts_of_made_up_masks_agree_with_a_loop_over_structures():
    random = np.random.default_rng(0)
    predicted, truth = random.integers(0, 4, (2, 7, 9, 11))
    for k, found in enumerate(of(predicted, truth, (2.0, 1.0, 0.5), 3), start=1):
        p, t = set(np.flatnonzero(predicted == k)), set(np.flatnonzero(truth == k))
        assert found.dice == pytest.approx(2 * len(p & t) / (len(p) + len(t)))
        assert found.jaccard == pytest.approx(len(p & t) / len(p | t))
        assert found.volume_error == pytest.approx((len(p) - len(t)) / 1000)
        assert found.volume_error_relative == pytest.approx(abs(len(p) - len(t)) / len(t))


def test_a_picture_is_measured_in_square_centimetres():
    found = of([[1, 1], [1, 0]], [[1, 0], [0, 0]], (10.0, 5.0))[0]
    assert found.volume_error == pytest.approx(2 * 0.5)


@pytest.mark.parametrize(
    ("predicted", "truth", "dice"),
    [([[0, 0]], [[0, 0]], 1.0), ([[0, 1]], [[0, 0]], 0.0), ([[0, 0]], [[1, 0]], 0.0),
     ([[0, 1]], [[0, 1]], 1.0)],
)  # fmt: skip
def test_empty_masks_follow_the_convention(predicted, truth, dice):
    found = of(predicted, truth)[0]
    assert found.dice == dice
    assert found.jaccard == dice
    assert np.isnan(found.volume_error_relative) == (not np.any(truth))


MASK = np.zeros((3, 4), np.uint8)


@pytest.mark.parametrize(
    ("predicted", "truth", "spacing", "says"),
    [
        (MASK, MASK[:2], (1, 1), "shape of the true mask"),
        (MASK + 2, MASK, (1, 1), "predicted mask.*12 voxels outside"),
        (MASK, MASK + 2, (1, 1), "true mask.*12 voxels outside"),
        (MASK.astype(np.int16) - 1, MASK, (1, 1), "predicted mask"),
        (MASK.astype(np.float32), MASK, (1, 1), "whole numbers"),
        (MASK[0], MASK[0], (1,), "whole numbers"),
        (MASK[:0], MASK[:0], (1, 1), "whole numbers"),
        (MASK, MASK, (1, 1, 1), "spacing"),
        (MASK, MASK, (1, 0), "spacing"),
        (MASK, MASK, (1, float("nan")), "spacing"),
    ],
)
def test_masks_that_cannot_be_compared_are_refused(predicted, truth, spacing, says):
    with pytest.raises(DataError, match=says):
        pair(predicted, truth, spacing, 1)


def test_a_mask_of_booleans_is_one_structure():
    mask = np.array([[True, False]])
    assert overlap(next(pair(mask, mask, (1.0, 1.0), 1).structures(1))).dice == 1.0
