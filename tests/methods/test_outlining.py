"""Whole images through a model of patches: masks, volumes, and nothing that depends on company."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from bedside.core.errors import BundleError
from bedside.methods.outlining import (
    Outliner,
    outliner_of,
    patch_for,
    unit_of,
    volumes_of,
)


def bright(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Structure 1 is over 100, structure 2 over 200; novelty is the brightest value."""
    image = arrays["image"].astype(float)[:, 0]
    which = (image > 100).astype(int) + (image > 200)
    chances = np.moveaxis(np.eye(3)[which], -1, 1) * 0.8 + 0.1
    return chances.astype(np.float32), image.reshape(len(image), -1).max(axis=1).astype(np.float32)


def outliner(*patch: int) -> Outliner:
    return Outliner(patches=bright, patch=patch, structures=2)


def images(shapes: list[tuple[int, ...]], dtype: str = "uint8") -> dict[str, np.ndarray]:
    """Noise, padded with 255, which is structure 2 if anybody looks at it."""
    rng = np.random.default_rng(1)
    largest = tuple(max(sides) for sides in zip(*shapes, strict=True))
    held = np.full((len(shapes), 1, *largest), 255, dtype)
    for row, shape in enumerate(shapes):
        held[(row, 0, *(slice(0, n) for n in shape))] = rng.integers(0, 250, shape)
    axes = len(largest)
    return {
        "image": held, "extent": np.array(shapes, np.int32),
        "spacing": np.tile(np.array([2.0, 1.0, 0.5][-axes:], np.float32), (len(shapes), 1)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("patch", "shapes"),
    [((8, 8), [(8, 8), (5, 7), (13, 9)]), ((4, 4, 4), [(4, 4, 4), (6, 5, 3), (2, 2, 9)])],
)
def test_every_place_within_the_extent_and_none_beyond(
    patch: tuple[int, ...], shapes: list[tuple[int, ...]]
) -> None:
    arrays = images(shapes)
    found = outliner(*patch).outlines(arrays)
    assert found.masks.dtype == np.uint8
    for row, shape in enumerate(shapes):
        inside = (row, *(slice(0, n) for n in shape))
        image = arrays["image"][:, 0][inside]
        np.testing.assert_array_equal(
            found.masks[inside], (image > 100).astype(int) + (image > 200)
        )
        assert found.masks[row].astype(bool).sum() == (image > 100).sum()
        assert found.novelty[row] == image.max()
        element = np.prod(arrays["spacing"][row]) / 10.0 ** len(patch)
        expected = [(found.masks[row] == k).sum() * element for k in (1, 2)]
        np.testing.assert_allclose(found.volumes[row], expected, rtol=1e-6)


def test_an_image_is_answered_alone_as_among_others() -> None:
    arrays = images([(9, 6), (4, 4), (12, 12)])
    whole = outliner(8, 8).outlines(arrays)
    for row in range(3):
        one = {name: values[row : row + 1] for name, values in arrays.items()}
        alone = outliner(8, 8).outlines(one)
        np.testing.assert_array_equal(alone.masks[0], whole.masks[row])
        np.testing.assert_array_equal(alone.volumes[0], whole.volumes[row])
    volumes, novelty = outliner(8, 8)(arrays)
    np.testing.assert_array_equal(volumes, whole.volumes)
    np.testing.assert_array_equal(novelty, whole.novelty)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_windows_have_the_type_of_the_image(dtype: str) -> None:
    seen: list[str] = []

    def told(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        seen.append(arrays["image"].dtype.name)
        return bright(arrays)

    Outliner(patches=told, patch=(4, 4), structures=2)(images([(7, 7)], dtype))
    assert set(seen) == {dtype}


def test_volumes_by_hand() -> None:
    masks = np.zeros((2, 2, 3, 4), np.uint8)
    masks[0, 0] = 1
    masks[1, :, 0] = 2
    spacing = np.array([[5.0, 1.0, 0.5], [np.nan, 1.0, 1.0]])
    found = volumes_of(masks, spacing, 2)
    np.testing.assert_allclose(found, [[12 * 2.5 / 1000, 0], [0, 8 / 1000]])
    flat = volumes_of(masks[:1, 0], np.array([[2.0, 5.0]]), 2)
    np.testing.assert_allclose(flat, [[12 * 10 / 100, 0]])
    assert volumes_of(masks[:0], spacing[:0], 2).shape == (0, 2)


def test_units() -> None:
    known, unknown = np.ones((2, 3)), np.array([[1.0, np.nan, 1.0]])
    assert unit_of(3, known) == "ml"
    assert unit_of(2, known[:, :2]) == "cm2"
    assert unit_of(3, unknown) == "thousand voxels"
    assert unit_of(2, unknown[:, :2]) == "hundred pixels"


def test_a_patch_holds_every_image_if_it_may() -> None:
    extents = np.array([[30, 17, 8], [5, 40, 9]], np.int32)
    assert patch_for(extents, multiple=8, most=(64, 64, 64)) == (32, 40, 16)
    assert patch_for(extents, multiple=8, most=(64, 32, 64)) == (32, 32, 16)


def test_the_patch_is_in_the_record_of_the_model() -> None:
    found = outliner_of(bright, {"patch": [4, 8]}, 2)
    assert found.patch == (4, 8)
    with pytest.raises(BundleError, match="patch"):
        outliner_of(bright, {"patch": None}, 2)
