"""Features say what they are named for, are finite for anything, and do not depend on the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bedside.core.errors import DataError
from bedside.methods.image_features import ImageFeatures, fitted_features

SHAPES = [(1, 40, 40), (3, 24, 31), (1, 10, 16, 20)]
KINDS = [np.uint8, np.int16, np.float32]


def noise(shape: tuple[int, ...], kind: type = np.uint8, rows: int = 4) -> np.ndarray:
    return np.random.default_rng(1).normal(100, 20, (rows, *shape)).clip(0, 255).astype(kind)


def computed(features: ImageFeatures, images: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return features(torch.from_numpy(images)).numpy()


def named(features: ImageFeatures, images: np.ndarray, name: str) -> np.ndarray:
    return computed(features, images)[:, features.names.index(name)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_feature_has_its_name_and_is_finite(shape: tuple[int, ...], kind: type) -> None:
    images = noise(shape, kind)
    features = fitted_features(images)
    found = computed(features, images)
    assert found.shape == (4, len(features.names))
    assert found.dtype == np.float32
    assert len(set(features.names)) == len(features.names)
    assert 40 <= len(features.names) <= 130
    assert np.isfinite(found).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_finite_for_images_at_the_ends(shape: tuple[int, ...], kind: type) -> None:
    low, high = (-3e38, 3e38) if kind is np.float32 else (np.iinfo(kind).min, np.iinfo(kind).max)
    mixed = np.where(noise(shape)[:1] > 100, low, high)
    images = np.concatenate([np.full((1, *shape), v) for v in (0, 7, low, high)] + [mixed])
    assert np.isfinite(computed(fitted_features(noise(shape, kind)), images.astype(kind))).all()
    for value in (0, low, high):
        fitted = fitted_features(np.full((2, *shape), value, kind))
        assert np.isfinite(computed(fitted, images.astype(kind))).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_common_scale_each_image_has_its_own(shape: tuple[int, ...]) -> None:
    images = noise(shape, np.float32, rows=12)
    assert not fitted_features(images).own
    assert not fitted_features(np.concatenate([images, images[:2] * 3])).own
    images[5] *= 3000
    features = fitted_features(images)
    assert features.own
    np.testing.assert_allclose(
        computed(features, images * 700), computed(features, images), rtol=1e-3, atol=1e-3
    )
    ends = np.concatenate([np.full((1, *shape), v, np.float32) for v in (0, 7, -3e38, 3e38)])
    assert np.isfinite(computed(features, ends)).all()


def test_the_order_and_company_of_images_do_not_matter() -> None:
    images = noise((1, 40, 40), rows=9)
    features = fitted_features(images)
    whole = computed(features, images)
    alone = np.concatenate([computed(features, images[i : i + 1]) for i in range(9)])
    np.testing.assert_allclose(alone, whole, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(computed(features, images), whole)


def test_the_type_of_the_numbers_does_not_matter() -> None:
    images = noise((1, 40, 40))
    features = fitted_features(images)
    expected = computed(features, images)
    for kind in KINDS:
        np.testing.assert_array_equal(computed(features, images.astype(kind)), expected)


def test_moments_and_quantiles_are_those_of_numpy() -> None:
    images = noise((1, 40, 40))
    features = ImageFeatures((1, 40, 40), low=0.0, high=200.0)
    x = images.reshape(4, -1) / 200.0
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    for name, expected in (
        ("mean", x.mean(axis=1)), ("deviation", x.std(axis=1)), ("skewness", (z**3).mean(axis=1)),
        ("tails", (z**4).mean(axis=1)), ("quantile 0.5", np.quantile(x, 0.5, axis=1)),
        ("quantile 0.01", np.quantile(x, 0.01, axis=1)),
    ):  # fmt: skip
        np.testing.assert_allclose(named(features, images, name), expected, atol=3e-3)


def test_bands_are_differences_of_gaussian_blurs() -> None:
    from scipy.ndimage import gaussian_filter

    images = noise((1, 12, 20, 24), np.float32)
    features = ImageFeatures((1, 12, 20, 24), low=0.0, high=100.0)
    for name, (fine, coarse) in {"1.6": (0.8, 1.6), "6.4": (3.2, 6.4)}.items():
        for image in images:
            blurs = [
                gaussian_filter(image[0] / 100.0, width, mode="nearest", truncate=4.0)
                for width in (fine, coarse)
            ]
            energy = np.log(((blurs[0] - blurs[1]) ** 2).mean() + 1e-6)
            found = named(features, image[None], f"energy of the band under {name} px")
            np.testing.assert_allclose(found, energy, rtol=2e-3)


def test_patterns_are_counted_as_one_by_one() -> None:
    image = noise((1, 9, 11))[:1]
    features = fitted_features(image)
    plane = image[0, 0].astype(int)
    counts = np.zeros(10)
    for i in range(1, 8):
        for j in range(1, 10):
            ring = [plane[i + a, j + b] > plane[i, j] for a, b in (
                (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))]  # fmt: skip
            arcs = sum(ring[k] != ring[k - 1] for k in range(8))
            counts[sum(ring) if arcs <= 2 else 9] += 1
    names = [*(f"{k} of 8 neighbours brighter" for k in range(9)), "neighbours mixed"]
    found = [float(named(features, image, name)[0]) for name in names]
    np.testing.assert_allclose(found, counts / counts.sum(), atol=1e-6)


@pytest.mark.parametrize(("sign", "word"), [(1, "brightest"), (-1, "darkest")])
def test_a_blob_is_an_extreme_of_its_scale(sign: int, word: str) -> None:
    images = np.repeat(noise((1, 48, 48), np.float32, 1), 2, axis=0)
    y, x = np.mgrid[:48, :48]
    images[1, 0] += sign * 40 * np.exp(-((y - 30) ** 2 + (x - 17) ** 2) / (2 * 3.5**2))
    features = fitted_features(images)
    plain, blob = named(features, images, f"{word} of the band under 6.4 px")
    assert blob > plain + 1


def test_layout_and_rings_see_where_it_is_bright() -> None:
    image = np.zeros((1, 1, 40, 40), np.uint8)
    image[..., :10, 30:] = 200
    features = ImageFeatures((1, 40, 40), low=0.0, high=200.0)
    cells = {
        n: named(features, image, n)[0] for n in features.names if n.startswith("grey in cell")
    }
    assert max(cells, key=lambda name: cells[name]) == "grey in cell 1-4"
    assert cells["grey in cell 1-4"] == pytest.approx(1 - 1 / 16, abs=1e-4)
    rings = [named(features, image, f"grey in ring {k}")[0] for k in (1, 2, 3, 4)]
    assert rings[3] == max(rings)


def test_edges_know_their_direction() -> None:
    stripes = np.tile((np.arange(40) // 4 % 2 * 100).astype(np.uint8), (40, 1))
    features = ImageFeatures((1, 40, 40), low=0.0, high=100.0)
    images = np.stack([stripes, stripes.T])[:, None]
    assert named(features, images, "share of edges across at 0.8 px") == pytest.approx(
        named(features, images, "share of edges down at 0.8 px")[::-1], abs=1e-5
    )
    assert named(features, images, "share of edges across at 0.8 px")[0] > 0.9
    assert named(features, images, "share of edges down at 0.8 px")[0] < 0.1


def test_a_large_image_is_halved_first() -> None:
    large = np.random.default_rng(0).integers(0, 255, (2, 1, 700, 600)).astype(np.uint8)
    features = fitted_features(large)
    assert features.pools == ((2, 1),)
    assert np.isfinite(computed(features, large)).all()


@pytest.mark.parametrize("shape", [(40, 40), (1, 7, 40), (1, 2, 3, 4, 5), (1, 0, 40, 40)])
def test_a_shape_that_is_no_image_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="rows and columns"):
        ImageFeatures(shape, low=0.0, high=1.0)


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(DataError, match="one or more"):
        fitted_features(np.zeros((0, 1, 40, 40)))
