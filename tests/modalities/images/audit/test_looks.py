"""Thumbnails: averages of areas, blind to brightness, turned and cropped as images are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.modalities.images.audit.looks import looks_of, pooling, thumbnails


@given(
    length=st.integers(1, 70), cells=st.integers(1, 20), zoom=st.sampled_from([-0.1, -0.02, 0, 0.1])
)
def test_weights_are_those_of_areas(length: int, cells: int, zoom: float) -> None:
    """Against a fine grid of points, each in its nearest place."""
    weights = pooling(length, cells, zoom)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    points = (np.arange(cells * 400) + 0.5) / (cells * 400)
    place = np.clip(np.floor((zoom + points * (1 - 2 * zoom)) * length).astype(int), 0, length - 1)
    counted = np.zeros((cells, length))
    np.add.at(counted, (np.repeat(np.arange(cells), 400), place), 1 / 400)
    np.testing.assert_allclose(weights, counted, atol=0.006)


def test_brightness_and_contrast_do_not_matter(blobs) -> None:
    images = blobs(0, 3).astype(np.float32)
    np.testing.assert_allclose(thumbnails(images), thumbnails(0.5 * images + 40), atol=1e-5)
    assert not thumbnails(np.full((1, 1, 20, 20), 7, np.uint8)).any()


@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 32, 20), (1, 12, 32, 32)])
def test_each_turn_of_an_image_is_among_its_ways(shape: tuple[int, ...]) -> None:
    generator = np.random.Generator(np.random.Philox(1))
    image = generator.random((1, *shape)).astype(np.float32)
    ways = [way()[0] for way in looks_of(image, np.arange(1)).ways]
    for axes in ((-1,), (-2,)):
        turned = thumbnails(np.flip(image, axes))[0]
        assert min(np.abs(way - turned).max() for way in ways) < 1e-5
    if shape == (1, 32, 32):
        turned = thumbnails(np.rot90(image, 1, axes=(2, 3)))[0]
        assert min(np.abs(way - turned).max() for way in ways) < 1e-5


def test_holes_are_read_as_zero() -> None:
    image = np.ones((1, 1, 16, 16), np.float32)
    image[0, 0, 3] = np.nan
    assert np.isfinite(thumbnails(image)).all()
