"""After the network: the likeliest structure, and its largest piece."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.masks.components import largest_component, likeliest


def test_of_equally_likely_structures_the_first_is_taken():
    assert likeliest(np.array([[0.4, 0.2], [0.4, 0.3], [0.2, 0.5]])).tolist() == [0, 2]


def test_only_the_named_structures_lose_their_stray_pieces():
    mask = np.array([[1, 0, 2, 2], [0, 0, 0, 0], [1, 1, 0, 2]], np.uint8)
    assert largest_component(mask, [1]).tolist() == [[0, 0, 2, 2], [0, 0, 0, 0], [1, 1, 0, 2]]
    assert largest_component(mask, [1, 2]).tolist() == [[0, 0, 2, 2], [0, 0, 0, 0], [1, 1, 0, 0]]
    assert mask[0, 0] == 1


def test_pieces_hold_together_at_corners_and_the_first_of_equals_stays():
    mask = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.uint8)
    kept = largest_component(mask, [1])
    assert (kept == mask).all()
    apart = np.array([[1, 0, 0, 1]], np.uint8)
    assert largest_component(apart, [1]).tolist() == [[1, 0, 0, 0]]


@pytest.mark.parametrize("structures", [[1], [3], []])
def test_what_is_not_there_stays_away(structures):
    mask = np.zeros((3, 4, 5), np.uint8)
    assert (largest_component(mask, structures) == 0).all()
