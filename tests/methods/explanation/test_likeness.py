"""Maps compared, against plain implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from bedside.core.errors import DataError
from bedside.methods.explanation.likeness import (
    chance_of_pointing,
    points_at,
    rank_correlation,
    structural_similarity,
)


@pytest.mark.parametrize("shape", [(5, 9, 8), (4, 5, 6, 7)])
def test_rank_correlation_is_scipys(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    one = rng.random(shape).round(1)  # with ties
    other = 0.5 * one + rng.random(shape)
    expected = [spearmanr(a.ravel(), b.ravel())[0] for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(rank_correlation(one, other), expected)


def test_a_constant_map_is_like_nothing() -> None:
    maps = np.random.default_rng(0).random((2, 5, 5))
    flat = maps.copy()
    flat[1] = 0.0
    assert np.isnan(rank_correlation(maps, flat)).tolist() == [False, True]


def test_structural_similarity_is_that_of_windows() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random((2, 21, 21))
    x, y = ((side - side.min()) / (side.max() - side.min()) for side in (x, y))
    reach = 6
    step = np.arange(-reach, reach + 1)
    kernel = np.exp(-(step[:, None] ** 2 + step**2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    padded = [np.pad(side, reach, mode="symmetric") for side in (x, y)]
    total = []
    for row in range(21):
        for column in range(21):
            a, b = (p[row : row + 13, column : column + 13] for p in padded)
            ma, mb = (kernel * a).sum(), (kernel * b).sum()
            va, vb = (kernel * (a - ma) ** 2).sum(), (kernel * (b - mb) ** 2).sum()
            ab = (kernel * (a - ma) * (b - mb)).sum()
            total.append(
                (2 * ma * mb + 1e-4) * (2 * ab + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))
            )
    found = structural_similarity(x[None], y[None])
    np.testing.assert_allclose(found, np.mean(total), atol=1e-4)


def test_a_map_is_like_itself_whatever_its_scale() -> None:
    maps = np.random.default_rng(0).random((3, 12, 12))
    np.testing.assert_allclose(structural_similarity(maps, 7 * maps + 2), 1)
    np.testing.assert_allclose(rank_correlation(maps, maps**3), 1)


def test_pointing() -> None:
    maps = np.zeros((4, 4, 4))
    maps[0, 1, 1] = maps[1, 3, 3] = 1.0
    maps[3, 0, :2] = 1.0
    masks = np.zeros((4, 4, 4), np.uint8)
    masks[[0, 1, 3], :2, :2] = 2
    masks[3, 0, 0] = 0
    found = points_at(maps, masks)
    np.testing.assert_array_equal(found, [1, 0, np.nan, 0.5])
    np.testing.assert_array_equal(chance_of_pointing(masks), [0.25, 0.25, np.nan, 3 / 16])


def test_a_blind_map_points_right_by_chance() -> None:
    rng = np.random.default_rng(2)
    masks = np.zeros((4000, 6, 6), np.uint8)
    masks[:, :2, :3] = 1
    found = points_at(rng.random(masks.shape), masks)
    assert found.mean() == pytest.approx(1 / 6, abs=0.02)


def test_shapes_must_agree() -> None:
    with pytest.raises(DataError):
        rank_correlation(np.zeros((2, 3, 3)), np.zeros((2, 3, 4)))
    with pytest.raises(DataError):
        points_at(np.zeros(3), np.zeros(3))
