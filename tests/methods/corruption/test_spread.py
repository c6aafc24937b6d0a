"""The yardstick of corruptions."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.corruption.spread import lifted, spread_of


def test_it_is_the_quantiles_by_channel() -> None:
    images = np.random.default_rng(0).normal([[[[3.0]], [[50.0]]]], [[[[1.0]], [[9.0]]]],
                                             (60, 2, 30, 30))  # fmt: skip
    spread = spread_of(images)
    flat = images.transpose(1, 0, 2, 3).reshape(2, -1)
    np.testing.assert_allclose(spread.low, np.quantile(flat, 0.01, axis=1))
    np.testing.assert_allclose(spread.high, np.quantile(flat, 0.99, axis=1))
    np.testing.assert_allclose(spread.centre, flat.mean(axis=1))
    assert spread.wide(3).shape == (2, 1, 1, 1)


def test_many_large_images_are_looked_at_in_part() -> None:
    images = np.random.default_rng(1).integers(0, 255, (900, 1, 200, 201), np.uint8)
    spread = spread_of(images, seed=3)
    assert spread.low[0] == pytest.approx(2, abs=1)
    assert spread.high[0] == pytest.approx(252, abs=1)


def test_numbers_of_channels_are_lifted() -> None:
    assert lifted((1.0, 2.0, 3.0), 2).shape == (3, 1, 1)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((4, 1, 5, 5)),
        np.full((4, 1, 5, 5), np.nan),
        np.zeros((0, 1, 5, 5)),
        np.zeros((4, 5)),
        np.stack([np.arange(25.0).reshape(1, 5, 5), np.full((1, 5, 5), np.inf)]),
    ],
    ids=["constant", "nan", "none", "flat", "infinite"],
)
def test_images_without_a_spread_are_refused(images: np.ndarray) -> None:
    with pytest.raises(DataError):
        spread_of(images)
