"""Corruptions of values against what they are said to do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rice

from bedside.methods.corruption import intensity
from bedside.methods.corruption.intensity import Scene
from bedside.methods.corruption.spread import Spread

SPREAD = Spread(low=(10.0,), high=(210.0,), centre=(100.0,))


def scene(count: int, seed: int = 0) -> Scene:
    return Scene(
        spread=SPREAD,
        random=[np.random.default_rng([seed, number]) for number in range(count)],
    )


def flat(value: float, count: int = 1, size: int = 200) -> np.ndarray:
    return np.full((count, 1, size, size), value, np.float32)


def test_noise_has_the_spread_it_says() -> None:
    found = intensity.noise(flat(100), 0.1, scene(1))
    assert found.std() == pytest.approx(20, rel=0.02)
    assert found.mean() == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("value", [10.0, 30.0, 150.0])
def test_rician_noise_follows_rice(value: float) -> None:
    found = intensity.rician(flat(value), 0.1, scene(1)) - 10
    expected = rice((value - 10) / 20, scale=20)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.02)
    assert found.std() == pytest.approx(expected.std(), rel=0.02)


def test_contrast_keeps_the_mean_and_saturates() -> None:
    images = np.linspace(50, 150, 400, dtype=np.float32).reshape(1, 1, 20, 20)
    half = intensity.contrast(images, 0.5, scene(1))
    np.testing.assert_allclose(half - 100, (images - 100) / 2, atol=1e-3)
    strong = intensity.contrast(images, 4.0, scene(1))
    assert strong.min() == 10
    assert strong.max() == 210


def test_an_image_brighter_than_those_of_training_is_not_cut() -> None:
    images = np.linspace(50, 900, 400, dtype=np.float32).reshape(1, 1, 20, 20)
    assert intensity.brightness(images, 0.0, scene(1)).max() == 900


def test_brightness_goes_both_ways() -> None:
    found = intensity.brightness(flat(100, count=200, size=2), 0.1, scene(200))
    assert set(np.unique(found)) == {80.0, 120.0}
    assert 60 < (found[:, 0, 0, 0] == 80).sum() < 140


def test_a_bias_field_is_smooth_and_reaches_its_level() -> None:
    gain = (intensity.bias_field(flat(110, count=20, size=40), 2.0, scene(20)) - 10) / 100
    np.testing.assert_allclose(gain.max(axis=(1, 2, 3)), 2, rtol=1e-3)
    np.testing.assert_allclose(gain.min(axis=(1, 2, 3)), 0.5, rtol=1e-3)
    assert np.abs(np.diff(np.log(gain), axis=2)).max() < 0.2


def test_an_occlusion_covers_its_share_with_the_mean() -> None:
    found = intensity.occlusion(flat(0, count=50, size=50), 0.2, scene(50))
    share = (found == 100).mean(axis=(1, 2, 3))
    assert (np.abs(share - 0.2) < 0.02).all()
    places = {tuple(np.argwhere(image[0] == 100)[0]) for image in found}
    assert len(places) > 40


def test_polarity_turns_whole_images() -> None:
    found = intensity.polarity(flat(60, count=400, size=2), 0.25, scene(400))
    turned = found[:, 0, 0, 0] == 160
    assert ((found == 160).all(axis=(1, 2, 3)) == turned).all()
    assert turned.mean() == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_jpeg_loses_little_at_high_quality_and_blocks_at_low(channels: int) -> None:
    rng = np.random.default_rng(0)
    ramp = np.linspace(10, 210, 64, dtype=np.float32)
    images = (ramp[:, None] * 0.5 + ramp * 0.5)[None, None].repeat(channels, axis=1)
    images = images + rng.normal(0, 8, images.shape).astype(np.float32)
    spread = Spread(low=(10.0,) * channels, high=(210.0,) * channels, centre=(100.0,) * channels)
    given = Scene(spread=spread, random=[rng])
    fine, coarse = (intensity.jpeg(images, quality, given) for quality in (95, 4))
    assert np.abs(fine - images).mean() < (2 if channels != 3 else 6)
    assert np.abs(coarse - images).mean() > 5
