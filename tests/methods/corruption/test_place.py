"""Rotation and zoom, against numpy's own turning and cutting."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.corruption import place


@pytest.mark.parametrize("shape", [(9, 9), (4, 9, 9)])
def test_a_quarter_turn_is_numpys(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    move = place.rotation(shape, 90, np.random.default_rng(0))
    found = place.moved(image[None, None], [move])[0, 0]
    turns = [np.rot90(image, way, axes=(-2, -1)) for way in (1, -1)]
    assert min(np.abs(found - turn).max() for turn in turns) < 1e-5


def test_rotations_go_both_ways() -> None:
    rng = np.random.default_rng(0)
    signs = {bool(place.rotation((5, 5), 10, rng)[0][0, 1] > 0) for _ in range(20)}
    assert signs == {True, False}


def test_zoom_shows_a_part_from_edge_to_edge() -> None:
    ramp = np.linspace(0, 1, 41, dtype=np.float32)[None, None, :, None].repeat(41, axis=3)
    for seed in range(10):
        move = place.zoom((41, 41), 2.0, np.random.default_rng(seed))
        found = place.moved(ramp, [move])[0, 0]
        assert found[-1, 0] - found[0, 0] == pytest.approx(0.5, abs=1e-5)
        assert 0 <= found.min() <= found.max() <= 1


def test_labels_are_never_interpolated() -> None:
    mask = np.zeros((1, 30, 30), np.uint8)
    mask[0, 5:15, 5:15], mask[0, 15:25, 5:15] = 1, 3
    for degrees in (7, 33, 90):
        move = place.rotation((30, 30), degrees, np.random.default_rng(1))
        assert set(np.unique(place.moved_mask(mask, [move]))) <= {0, 1, 3}
