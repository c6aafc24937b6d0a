"""Features of places, against scipy: value, blurs, roughness, slope, and where it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from bedside.methods.voxel_features import WIDTHS, VoxelFeatures


def features(images: np.ndarray, patch: tuple[int, ...]) -> np.ndarray:
    with torch.no_grad():
        found: np.ndarray = VoxelFeatures(patch)(torch.from_numpy(images)).numpy()
    return found


def expected(image: np.ndarray) -> np.ndarray:
    """[V, P] of one grey image, in double precision."""
    x = (image - image.mean()) / image.std()

    def blurred(values: np.ndarray, width: float) -> np.ndarray:
        reach = int(np.ceil(2.5 * width))
        return ndimage.gaussian_filter(values, width, mode="nearest", radius=reach)

    blurs = [blurred(x, width) for width in WIDTHS]
    rough = np.sqrt(np.maximum(blurred(x**2, WIDTHS[1]) - blurs[1] ** 2, 0))
    slopes = [ndimage.correlate1d(blurs[0], [-0.5, 0, 0.5], axis=axis, mode="nearest")
              for axis in range(x.ndim)]  # fmt: skip
    steep = np.sqrt(sum(slope**2 for slope in slopes))
    places = np.meshgrid(*(np.linspace(-1, 1, n) for n in x.shape), indexing="ij")
    parts = [x, *blurs, blurs[0] - blurs[1], blurs[1] - blurs[2], rough, steep, *places]
    return np.stack([part.ravel() for part in parts], axis=1)


@pytest.mark.parametrize("patch", [(12, 9), (7, 8, 6)])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_they_are_what_scipy_says(patch: tuple[int, ...], dtype: str) -> None:
    images = np.random.default_rng(1).integers(0, 200, (2, 1, *patch)).astype(dtype)
    found = features(images, patch)
    assert found.dtype == np.float32
    wanted = np.concatenate([expected(image[0].astype(float)) for image in images])
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=2e-4)


def test_brightness_and_contrast_of_a_scan_do_not_matter() -> None:
    image = np.random.default_rng(2).normal(size=(1, 1, 10, 10)).astype(np.float32)
    found, changed = features(image, (10, 10)), features(image * 40 + 300, (10, 10))
    np.testing.assert_allclose(found, changed, atol=1e-3)


def test_colour_is_seen_as_its_mean() -> None:
    image = np.random.default_rng(3).integers(0, 255, (1, 3, 8, 8)).astype(np.uint8)
    grey = image.astype(np.float32).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(features(image, (8, 8)), features(grey, (8, 8)), atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 7.0, 1e6])
def test_an_image_without_contrast_has_finite_features(value: float) -> None:
    found = features(np.full((1, 1, 6, 6), value, np.float32), (6, 6))
    assert np.isfinite(found).all()
