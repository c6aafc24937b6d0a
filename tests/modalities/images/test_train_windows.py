"""Windows of one size, cut and padded as the released model sees them."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.sliding_window import predict_windows
from bedside.modalities.images.train_windows import middles, window


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(1, 255, (2, *shape)).astype(np.uint8)


@pytest.mark.parametrize(
    ("extent", "patch"), [((8, 8), (4, 4)), ((5, 9), (4, 4)), ((3, 9), (5, 4)), ((2, 2), (7, 7)),
                          ((3, 8, 5), (4, 4, 4))],
)  # fmt: skip
def test_the_middle_is_what_one_window_of_the_released_model_sees(
    extent: tuple[int, ...], patch: tuple[int, ...]
) -> None:
    """For an image that fits into a patch; of a larger one, the window in its middle."""
    whole = image(*(n + 3 for n in extent))
    inside = whole[(slice(None), *(slice(0, n) for n in extent))]
    found = window(whole, np.array(extent), patch)
    assert found.shape == (2, *patch)
    assert found.dtype == np.uint8
    cut = inside
    for axis, want in enumerate(patch):
        have = cut.shape[axis + 1]
        if have > want:
            start = (have - want + 1) // 2
            cut = np.take(cut, range(start, start + want), axis=axis + 1)
    seen: list[np.ndarray] = []

    def run(windows: np.ndarray) -> np.ndarray:
        seen.append(windows)
        return windows

    predict_windows(run, cut, patch=patch)
    assert len(seen) == 1
    np.testing.assert_array_equal(found, seen[0][0])


def test_middles_are_the_windows_of_each_image() -> None:
    images = np.stack([image(9, 9), image(9, 9)[:, ::-1]])
    extents = np.array([[9, 9], [4, 6]])
    found = middles(images, extents, (5, 5))
    for row in range(2):
        np.testing.assert_array_equal(found[row], window(images[row], extents[row], (5, 5)))


def test_every_place_comes_up_and_none_reaches_beyond() -> None:
    line = np.arange(7, dtype=np.uint8).reshape(1, 7)
    padded = np.pad(line, [(0, 0), (0, 4)], constant_values=99)
    starts = {
        int(window(padded, np.array([7]), (3,), np.array([place]))[0, 0])
        for place in np.linspace(0, 1, 101)
    }
    assert starts == {0, 1, 2, 3, 4}
    even = [int(window(padded, np.array([7]), (3,), np.array([place]))[0, 0])
            for place in np.random.default_rng(0).random(2000)]  # fmt: skip
    assert np.bincount(even).min() > 300
