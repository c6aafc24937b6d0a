"""Two units in one column: found for known conversions, not for skewed measurements."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.audit.units import FACTORS, second_unit, unit_finding


@pytest.mark.parametrize("factor", [f for f in FACTORS if f > 5])
@pytest.mark.parametrize("share", [0.03, 0.3])
def test_a_part_in_another_unit_is_found(factor: float, share: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.lognormal(0, 0.2, 4000)
    converted = rng.random(4000) < share
    found = second_unit(np.where(converted, values * factor, values).astype(np.float32))
    assert found is not None
    near = [words for other, words in FACTORS.items() if abs(other / factor - 1) < 0.06]
    assert found.words in near
    assert found.share.value == pytest.approx(converted.mean(), abs=0.01)


def test_fahrenheit() -> None:
    rng = np.random.default_rng(1)
    celsius = rng.normal(37, 0.7, 1000)
    mixed = np.where(rng.random(1000) < 0.1, celsius * 1.8 + 32, celsius).astype(np.float32)
    found = second_unit(mixed)
    assert found is not None
    assert "°F" in found.words


def test_law_measurements_in_one_unit_are_not_suspected() -> None:
    rng = np.random.default_rng(2)
    found = 0
    for at in range(200):
        size = 1000
        spread = rng.uniform(0.1, 2)
        values = (
            rng.lognormal(1, spread, size), rng.gamma(rng.uniform(0.5, 5), 3, size),
            rng.uniform(0, 100, size), rng.poisson(rng.uniform(1, 40), size) * 1.0,
            np.where(rng.random(size) < 0.2, 0.1, rng.lognormal(1, 0.5, size)),
        )[at % 5]  # fmt: skip
        found += second_unit(values.astype(np.float32)) is not None
    assert found <= 2


def test_few_or_coarse_values_are_not_judged(training_of, number) -> None:
    training = training_of(np.arange(200) % 2)
    assert unit_finding(number("x", np.tile([1.0, 10.0], 100)), training) is None
    assert unit_finding(number("x", np.full(200, np.nan)), training) is None
