"""Covering parts of an image whose important part is known."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.explanation.occlusion import (
    Effort,
    log_odds,
    occlusion,
    without_strongest,
)


def lesion(shape: tuple[int, ...], at: tuple[int, ...], size: int, dtype: type) -> np.ndarray:
    image = np.random.default_rng(0).normal(50, 3, (1, *shape))
    image[(0, *[slice(start, start + size) for start in at])] += 150
    return image.clip(0, 255).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(
    ("shape", "at"),
    [((50, 50), (6, 30)), ((50, 40), (40, 2)), ((28, 28), (12, 13)), ((20, 36, 32), (4, 20, 8))],
)
def test_the_largest_fall_is_where_the_lesion_is(
    shape: tuple[int, ...], at: tuple[int, ...], dtype: type
) -> None:
    image = lesion(shape, at, 5, dtype)
    counted = []

    def score(images: np.ndarray) -> np.ndarray:
        counted.append(len(images))
        return (images > 150).sum(axis=tuple(range(1, images.ndim))).astype(float)

    found = occlusion(score, image)
    assert found.shape == shape
    place = np.unravel_index(found.argmax(), shape)
    assert all(start - 1 <= p <= start + 5 for start, p in zip(at, place, strict=True))
    assert sum(counted) <= 301
    inside = found[tuple(slice(start, start + 5) for start in at)].mean()
    assert inside > 5 * np.abs(found).mean()


def test_what_speaks_against_is_below_0() -> None:
    image = lesion((32, 32), (8, 8), 6, np.float32)
    found = occlusion(lambda images: -images[:, 0, 8:14, 8:14].mean(axis=(1, 2)), image)
    assert found.min() < -0.5
    assert found[8:14, 8:14].mean() < 0


def test_nothing_changes_nothing_is_shown_and_little_is_asked() -> None:
    asked = []

    def same(images: np.ndarray) -> np.ndarray:
        asked.append(len(images))
        return np.full(len(images), 0.3)

    assert (occlusion(same, lesion((32, 32), (8, 8), 6, np.uint8)) == 0).all()
    assert sum(asked) == 1 + 49


@pytest.mark.parametrize("most", [1, 10, 60, 500])
def test_predictions_are_bounded(most: int) -> None:
    asked = []

    def score(images: np.ndarray) -> np.ndarray:
        asked.append(len(images))
        return images.astype(float).mean(axis=(1, 2, 3))

    image = lesion((40, 40), (8, 8), 6, np.uint8)
    before = image.copy()
    occlusion(score, image, Effort(most=most, batch=16))
    assert sum(asked) <= most + 1
    assert max(asked) <= 16
    np.testing.assert_array_equal(image, before)


def test_colour_is_covered_whole() -> None:
    image = np.random.default_rng(0).integers(0, 255, (3, 24, 24)).astype(np.uint8)
    found = occlusion(lambda images: images[:, 2, 10, 10].astype(float), image)
    assert found[10, 10] != 0


def test_no_image_is_refused() -> None:
    with pytest.raises(DataError):
        occlusion(lambda images: np.zeros(len(images)), np.zeros((5, 5)))
    with pytest.raises(DataError):
        occlusion(lambda images: np.zeros(len(images)), np.zeros((1, 5, 5)), Effort(most=0))


def test_tiny_images_are_covered_too() -> None:
    found = occlusion(lambda images: images[:, 0, 1, 1], np.eye(3, dtype=np.float32)[None])
    assert found.shape == (3, 3)


def test_log_odds_of_certainty_are_finite() -> None:
    values = np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    found = log_odds(values, 1)
    assert np.isfinite(found).all()
    assert found[1] == 0
    assert found[0] == pytest.approx(-found[2])
    assert found[0] > 10


@pytest.mark.parametrize("shape", [(20, 20), (8, 20, 10)])
def test_the_strongest_tenth_is_covered_and_nothing_else(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (3, 2, *shape)).astype(np.uint8)
    maps = rng.normal(size=(3, *shape))
    found = without_strongest(images, maps)
    limit = np.quantile(np.abs(maps).reshape(3, -1), 0.9, axis=1).reshape(3, 1, *[1] * len(shape))
    strong = np.broadcast_to(np.abs(maps)[:, None] > limit, images.shape)
    np.testing.assert_array_equal(found[~strong], images[~strong])
    assert (found[strong] != images[strong]).mean() > 0.95
    assert np.abs(found[strong].astype(float) - 127).mean() < 40  # means of many
    assert found.dtype == np.uint8
