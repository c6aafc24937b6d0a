"""Every corruption: deterministic, graded, in the images' own type, the same at any scale."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.corruption.ladder import CORRUPTIONS, SEVERITIES, corrupt, corrupt_mask
from bedside.methods.corruption.spread import spread_of

SHAPES = [(6, 1, 24, 20), (6, 3, 24, 20), (6, 1, 14, 28, 20)]
MOVES = [name for name, item in CORRUPTIONS.items() if item.move is not None]


def pictures(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Smooth shapes with an edge, in 0 to 255."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(*[np.linspace(-1, 1, size) for size in shape[2:]], indexing="ij")
    found = np.empty(shape)
    for index in np.ndindex(shape[:2]):
        place = sum((axis - rng.uniform(-0.5, 0.5)) ** 2 for axis in axes)
        found[index] = 60 + 40 * axes[-1] + 100 * (place < 0.3)
    return (found + rng.normal(0, 2, shape)).clip(0, 255).round()


def changed(images: np.ndarray, name: str, severity: int, seed: int = 1) -> np.ndarray:
    keys = np.arange(len(images))
    return corrupt(images, name, severity, spread=spread_of(images), keys=keys, seed=seed)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_shape_and_type_stay_and_the_original_is_not_touched(
    name: str, shape: tuple[int, ...], dtype: type
) -> None:
    images = pictures(shape).astype(dtype)
    before = images.copy()
    for severity in range(SEVERITIES + 1):
        found = changed(images, name, severity)
        assert found.shape == images.shape
        assert found.dtype == dtype
        assert np.isfinite(found).all()
        assert (found == images).all() == (severity == 0) or name == "polarity"
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name not in MOVES])
def test_a_higher_severity_is_further_from_the_original(name: str, shape: tuple[int, ...]) -> None:
    images = pictures(shape).astype(np.float32)
    far = [np.abs(changed(images, name, k) - images).mean() for k in range(SEVERITIES + 1)]
    assert far == sorted(far)
    assert far[-1] > 1.3 * far[1] or name == "occlusion"


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_an_image_follows_from_seed_and_key_whatever_the_batch(name: str) -> None:
    images = pictures(SHAPES[0]).astype(np.float32)
    spread = spread_of(images)

    def of(rows: list[int], seed: int = 4) -> np.ndarray:
        return corrupt(images[rows], name, 3, spread=spread, keys=np.array(rows), seed=seed)

    whole = of([0, 1, 2, 3, 4, 5])
    # Batches of another size may round the last bit of a Fourier transform otherwise.
    np.testing.assert_allclose(of([4, 1]), whole[[4, 1]], atol=1e-4)
    np.testing.assert_array_equal(of([0, 1, 2, 3, 4, 5]), whole)
    random = name not in ("blur", "contrast down", "contrast up", "low resolution", "JPEG")
    assert (of([0, 1, 2, 3, 4, 5], seed=5) != whole).any() == random


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name != "JPEG"])
def test_it_means_the_same_for_images_of_another_unit(name: str) -> None:
    images = pictures(SHAPES[0]).astype(np.float32)
    scaled = images * 12.5 - 800
    one, other = changed(images, name, 4), changed(scaled, name, 4)
    np.testing.assert_allclose(one * 12.5 - 800, other, atol=0.02)


def test_jpeg_means_the_same_but_for_rounding() -> None:
    images = pictures(SHAPES[0]).astype(np.float32)
    one, other = changed(images, "JPEG", 3), changed(images * 12.5 - 800, "JPEG", 3)
    assert np.abs(one * 12.5 - 800 - other).mean() < 12.5


def test_severities_of_noise_are_more_of_the_same() -> None:
    images = pictures(SHAPES[0]).astype(np.float32)
    slight, severe = (changed(images, "noise", severity) - images for severity in (1, 5))
    np.testing.assert_allclose(slight * 10, severe, rtol=1e-3, atol=1e-2)


def test_whole_numbers_do_not_wrap_round() -> None:
    images = np.where(np.arange(400).reshape(1, 1, 20, 20) % 7, 250, 5).astype(np.uint8)
    found = changed(images, "noise", 2)
    assert np.abs(found.astype(int) - images).max() < 100
    assert (found == 255).any()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_masks_move_with_their_images_and_only_then(name: str) -> None:
    masks = np.zeros((3, 40, 40), np.uint8)
    masks[:, 8:20, 14:30] = 2
    images = masks[:, None].astype(np.float32) * 50 + 20
    keys = np.arange(3)
    moved = corrupt_mask(masks, name, 3, keys=keys, seed=9)
    assert moved.dtype == np.uint8
    assert set(np.unique(moved)) <= {0, 2}
    if name not in MOVES:
        np.testing.assert_array_equal(moved, masks)
        return
    assert (moved != masks).any()
    found = corrupt(images, name, 3, spread=spread_of(images), keys=keys, seed=9)[:, 0]
    # Corners are rounder between values than between labels.
    assert ((found > 70) != (moved == 2)).mean() < 0.005


def test_none_is_fine() -> None:
    images = pictures(SHAPES[0])
    none = corrupt(images[:0], "noise", 2, spread=spread_of(images), keys=[], seed=0)
    assert none.shape == (0, 1, 24, 20)
    assert corrupt_mask(np.zeros((0, 5, 5)), "zoom", 2, keys=[], seed=0).shape == (0, 5, 5)


@pytest.mark.parametrize(
    ("name", "severity", "keys", "channels"),
    [
        ("nose", 1, [0, 1], 1),
        ("noise", 6, [0, 1], 1),
        ("noise", -1, [0, 1], 1),
        ("noise", 1, [0], 1),
        ("noise", 1, [0, -1], 1),
        ("noise", 1, [0, 1], 2),
    ],
)
def test_what_cannot_be_is_refused(
    name: str, severity: int, keys: list[int], channels: int
) -> None:
    images = pictures((2, 1, 20, 20))
    with pytest.raises(DataError):
        corrupt(
            np.repeat(images, channels, axis=1), name, severity, spread=spread_of(images),
            keys=keys, seed=0,
        )  # fmt: skip
