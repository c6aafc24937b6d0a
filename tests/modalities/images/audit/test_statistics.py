"""Statistics of parts: the border knows nothing of the middle, and nothing can be dropped."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.modalities.images.audit import statistics
from bedside.modalities.images.audit.statistics import columns_of


def _by_name(images: np.ndarray) -> dict[str, np.ndarray]:
    found = columns_of(images, np.arange(len(images)))
    assert all(column.part for column in found)
    return {column.name: column.values for column in found}


@pytest.mark.parametrize("part", ["border", "corners"])
def test_the_middle_does_not_matter_to(part: str, blobs) -> None:
    images = blobs(0, 6)
    other = images.copy()
    other[:, :, 6:-6, 6:-6] = np.maximum(other[:, :, 6:-6, 6:-6], 90) - 40
    one, two = _by_name(images), _by_name(other)
    names = [name for name in one if name.startswith(part)]
    assert names
    for name in names:
        np.testing.assert_array_equal(one[name], two[name])
    assert (one["light: mean"] != two["light: mean"]).any()


def test_values_against_plain_code(blobs) -> None:
    images = blobs(1, 4, size=40)
    found = _by_name(images)
    grey = images[:, 0].astype(float)
    ring = np.ones((40, 40), bool)
    ring[2:-2, 2:-2] = False
    np.testing.assert_allclose(found["border: mean"], grey[:, ring].mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found["border: left"], grey[:, :, :2].mean(axis=(1, 2)), rtol=1e-5)
    corner = grey[:, -5:, :5].mean(axis=(1, 2))
    np.testing.assert_allclose(found["corners: bottom left mean"], corner, rtol=1e-5)
    steps = np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2)) / grey.std(axis=(1, 2))
    np.testing.assert_allclose(found["sharpness: steps along"], steps, rtol=1e-4)


def test_blocks_do_not_matter(blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    images = blobs(2, 9)
    whole = _by_name(images)
    monkeypatch.setattr("bedside.modalities.images.audit.looks.BLOCK", 2 * 32 * 32)
    for name, values in _by_name(images).items():
        np.testing.assert_allclose(values, whole[name], atol=2e-5)


@pytest.mark.parametrize("shape", [(3, 24, 30), (1, 5, 24, 24), (1, 1, 9, 9), (1, 4, 4)])
def test_any_shape_is_described(shape: tuple[int, ...]) -> None:
    generator = np.random.Generator(np.random.Philox(3))
    images = generator.integers(-1000, 1000, (7, *shape)).astype(np.int16)
    found = _by_name(images)
    assert all(np.isfinite(values).all() and len(values) == 7 for values in found.values())
    assert set(statistics.NAMES) < {name.split(":")[0] for name in found}
