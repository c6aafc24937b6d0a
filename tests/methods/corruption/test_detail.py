"""Corruptions that cost sharpness, against plain implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from bedside.methods.corruption import detail
from bedside.methods.corruption.intensity import Scene
from bedside.methods.corruption.spread import Spread

SPREAD = Spread(low=(0.0,), high=(1.0,), centre=(0.5,))


class Fixed:
    """A stream that always gives the same."""

    def __init__(self, random: float, integers: tuple[int, ...] = ()) -> None:
        self._random, self._integers = random, list(integers)

    def random(self) -> float:
        return self._random

    def integers(self, low: int, high: int) -> int:
        return self._integers.pop(0)


def scene(stream: object) -> Scene:
    return Scene(spread=SPREAD, random=[stream])  # type: ignore[list-item]  # what is asked of it


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).random((1, 1, 40, 50)).astype(np.float32)


def test_blur_goes_by_the_edges(image: np.ndarray) -> None:
    found = detail.blur(image, 0.05, scene(None))
    expected = gaussian_filter(image[0, 0], (2.0, 2.5), mode="nearest")
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-6)


@pytest.mark.parametrize(("turn", "step"), [(0.0, (0, 1)), (0.5, (1, 0))])
def test_motion_is_a_mean_along_a_line(turn: float, step: tuple[int, int]) -> None:
    smooth = gaussian_filter(np.random.default_rng(1).random((60, 60)), 3)[None, None]
    found = detail.motion(smooth.astype(np.float32), 0.1, scene(Fixed(turn)))[0, 0]
    lengths = np.linspace(-3, 3, 61)
    from scipy.ndimage import shift

    expected = np.mean(
        [shift(smooth[0, 0], np.array(step) * t, order=3, mode="nearest") for t in lengths], axis=0
    )
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_motion_keeps_what_is_flat() -> None:
    flat = np.full((1, 1, 6, 20, 20), 0.7, np.float32)
    np.testing.assert_allclose(detail.motion(flat, 0.3, scene(Fixed(0.3))), 0.7, atol=1e-5)


def test_a_ghost_lies_half_a_field_away(image: np.ndarray) -> None:
    found = detail.ghosting(image, 0.2, scene(Fixed(0.0, (-1, 2))))
    expected = 0.8 * image + 0.2 * np.roll(image, 25, axis=-1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    three = detail.ghosting(image, 0.2, scene(Fixed(0.0, (-2, 4))))
    rolled = sum(np.roll(image, step, axis=-2) for step in (10, 20, 30)) / 3
    np.testing.assert_allclose(three, 0.8 * image + 0.2 * rolled, atol=1e-6)


def test_low_resolution_is_block_means_drawn_linearly(image: np.ndarray) -> None:
    found = detail.low_resolution(image, 0.5, scene(None))[0, 0]
    blocks = image[0, 0].reshape(20, 2, 25, 2).mean(axis=(1, 3))
    expected = zoom(blocks, 2, order=1, mode="nearest", grid_mode=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_low_resolution_of_a_volume_is_axis_by_axis() -> None:
    volume = np.random.default_rng(2).random((2, 1, 8, 6, 4)).astype(np.float32)
    found = detail.low_resolution(volume, 0.5, scene(None))[0, 0]
    blocks = volume[0, 0].reshape(4, 2, 3, 2, 2, 2).mean(axis=(1, 3, 5))
    expected = zoom(blocks, 2, order=1, mode="nearest", grid_mode=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nothing_is_lost_at_full_resolution(image: np.ndarray) -> None:
    np.testing.assert_array_equal(detail.low_resolution(image, 1.0, scene(None)), image)
