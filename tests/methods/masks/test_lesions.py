"""Lesions: components, one-to-one matches, and the least and the empty."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.methods.masks.made_up import blobs

from bedside.core.errors import DataError
from bedside.methods.masks import LesionRule, lesions, pair


def of(predicted, truth, rule=None, spacing=None):
    predicted, truth = np.asarray(predicted, np.uint8), np.asarray(truth, np.uint8)
    spacing = spacing or (10.0,) * truth.ndim
    return lesions(next(pair(predicted, truth, spacing, 1).structures(1)), rule)


def test_one_large_prediction_finds_one_of_the_lesions_that_it_covers():
    found = of([[1, 1, 1, 1, 1]], [[1, 1, 0, 1, 0]])
    assert found.found.tolist() == [True, False]
    assert (found.spurious, found.sensitivity) == (0, 0.5)
    assert found.f1 == pytest.approx(2 / 3)


def test_a_lesion_in_pieces_is_found_once():
    found = of([[1, 0, 1, 0, 1]], [[1, 1, 1, 1, 1]])
    assert (found.found.tolist(), found.predicted, found.spurious) == ([True], 3, 2)


def test_as_many_as_can_be_are_matched_even_where_fewer_would_overlap_more():
    truth, predicted = np.zeros((2, 1, 14), np.uint8)
    truth[0, :11] = truth[0, 12:] = 1
    predicted[0, 0] = predicted[0, 2:13] = 1
    # The large ones overlap by 9 of 13; crosswise each has but one voxel in common.
    assert of(predicted, truth, LesionRule(overlap=0.0)).found.tolist() == [True, True]
    assert of(predicted, truth, LesionRule(overlap=0.1)).found.tolist() == [True, False]


def test_the_threshold_is_of_intersection_over_union():
    truth, predicted = [[1] * 10 + [0] * 10], [[0] * 9 + [1] * 10 + [0]]
    assert of(predicted, truth, LesionRule(overlap=1 / 19)).found.all()
    assert not of(predicted, truth, LesionRule(overlap=1 / 19 + 1e-9)).found.any()
    assert of(predicted, truth, LesionRule(overlap=0.0)).found.all()
    apart = of([[1, 0, 0]], [[0, 0, 1]], LesionRule(overlap=0.0))
    assert (apart.found.tolist(), apart.spurious) == ([False], 1)


def test_corners_join_unless_only_faces_do():
    mask = np.eye(3)
    assert len(of(mask, mask).found) == 1
    assert len(of(mask, mask, LesionRule(neighbours="faces")).found) == 3
    cube = np.zeros((2, 2, 2))
    cube[0, 0, 0] = cube[1, 1, 1] = 1
    assert len(of(cube, cube).found) == 1
    assert len(of(cube, cube, LesionRule(neighbours="faces")).found) == 2


def test_smaller_lesions_do_not_exist():
    truth, predicted = [[1, 0, 1, 1, 0, 0, 0]], [[0, 0, 1, 1, 0, 1, 0]]
    found = of(predicted, truth, LesionRule(least=2.0))
    assert (found.sizes.tolist(), found.found.tolist(), found.spurious) == ([2.0], [True], 0)


@pytest.mark.parametrize(
    ("predicted", "truth", "sensitivity", "f1", "spurious"),
    [([[0]], [[0]], np.nan, 1.0, 0), ([[1]], [[0]], np.nan, 0.0, 1), ([[0]], [[1]], 0.0, 0.0, 0)],
)
def test_empty_masks_follow_the_convention(predicted, truth, sensitivity, f1, spurious):
    found = of(predicted, truth)
    assert found.sensitivity == pytest.approx(sensitivity, nan_ok=True)
    assert (found.f1, found.spurious) == (f1, spurious)


def most_by_trying(may):
    """The largest one-to-one match, by trying every order."""
    wide = may if may.shape[0] <= may.shape[1] else may.T
    return max(
        sum(wide[row, column] for row, column in enumerate(order))
        for order in permutations(range(wide.shape[1]), wide.shape[0])
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), overlap=st.sampled_from([0.0, 0.1, 0.3, 0.6]))
def test_matches_are_the_most_that_every_order_could_give(seed, overlap):
    random = np.random.default_rng(seed)
    truth, predicted = (random.random((2, 1, 14)) < 0.6).astype(np.uint8)
    found = of(predicted, truth, LesionRule(overlap=overlap))

    def pieces(mask):
        cuts = np.flatnonzero(np.diff(np.pad(mask[0], 1).astype(int)))
        return [set(range(a, b)) for a, b in zip(cuts[::2], cuts[1::2], strict=True)]

    true, said = pieces(truth), pieces(predicted)
    may = np.array([[bool(a & b) and len(a & b) / len(a | b) >= overlap for b in said]
                    for a in true]).reshape(len(true), len(said))  # fmt: skip
    assert found.found.sum() == (most_by_trying(may) if may.size else 0)
    assert found.spurious == len(said) - found.found.sum()


def test_a_mask_is_its_own_best_prediction():
    mask = blobs((14, 15, 16), phase=0.3)
    found = of(mask, mask, LesionRule(overlap=1.0))
    assert found.found.all()
    assert (found.f1, found.spurious) == (1.0, 0)


@pytest.mark.parametrize(
    "wrong", [{"overlap": 1.5}, {"least": -1.0}, {"sizes": (2.0, 1.0)}, {"sizes": (0.0,)}]
)
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(DataError, match="lesions"):
        LesionRule(**wrong)
