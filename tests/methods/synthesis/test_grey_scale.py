from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.core.errors import DataError
from bedside.methods.synthesis.grey_scale import BEYOND, KNOTS, curve, grey_scale


def pictures(dtype: str, *, background: bool, channels: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(100, 30, (6, channels, 12, 10)).clip(5, 200)
    values = values if dtype == "float32" else np.rint(values)
    if background:
        values[:, :, :4] = 0
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_there_and_back_is_the_same_image(dtype: str, background: bool, channels: int) -> None:
    images = pictures(dtype, background=background, channels=channels)
    scale = grey_scale(images)
    numbers = scale.numbers(images)
    np.testing.assert_allclose(numbers.mean(axis=(0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(numbers.std(axis=(0, 2, 3)), 1, atol=1e-4)
    back = scale.images(numbers)
    assert back.dtype == images.dtype
    np.testing.assert_allclose(back, images, atol=1e-3 if dtype == "float32" else 0)


def test_a_background_survives_what_a_generator_errs() -> None:
    images = pictures("uint8", background=True)
    scale = grey_scale(images)
    wrong = np.random.default_rng(1).normal(0, BEYOND / 4, images.shape).astype(np.float32)
    back = scale.images(scale.numbers(images) + wrong)
    assert (back[:, :, :4] == 0).mean() > 0.999
    assert grey_scale(pictures("uint8", background=False)).below.max() == 0


def test_greys_that_are_frequent_are_drawn_apart() -> None:
    """Within a cell on black: an error of a twentieth of a deviation is a fraction of it there."""
    cells = np.random.default_rng(2).normal(160, 8, (40, 1, 16, 16)).round().astype(np.uint8)
    cells[:, :, :8] = 0
    scale = grey_scale(cells)
    wrong = np.random.default_rng(3).normal(0, 0.05, cells.shape).astype(np.float32)
    missed = scale.images(scale.numbers(cells) + wrong).astype(float)[:, :, 8:] - cells[:, :, 8:]
    assert missed.std() < 0.5 * 0.05 * cells.std()


@given(st.integers(0, 2**32))
def test_scores_rise_with_values_whatever_these_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_cauchy((3, 9, 8)).round(int(rng.integers(0, 4)))
    found = curve(values)
    assert len(found.values) <= KNOTS
    assert (np.diff(found.values) > 0).all()
    assert (np.diff(found.scores) > 0).all()
    assert np.isfinite(found.scores).all()
    assert (found.values[0], found.values[-1]) == (values.min(), values.max())


@given(st.integers(0, 2**32))
def test_whatever_is_made_lies_on_the_grid(seed: int) -> None:
    images = pictures("int16", background=False)
    wild = np.random.default_rng(seed).normal(0, 9, images.shape).astype(np.float32)
    back = grey_scale(images).images(wild)
    assert back.dtype == np.int16
    assert images.min() <= back.min() <= back.max() <= images.max()


def test_what_cannot_be_scaled_is_refused() -> None:
    images = pictures("float32", background=False)
    images[3, 0, 2, 2] = np.nan
    with pytest.raises(DataError, match="finite values"):
        grey_scale(images)
    with pytest.raises(DataError, match="the same everywhere"):
        grey_scale(np.full((9, 1, 8, 8), 7, np.uint8))
