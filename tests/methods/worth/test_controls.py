"""A control that misses what is known silences everything, and says why."""

from __future__ import annotations

import math

import pytest

from bedside.methods.worth.controls import Control, failed, silent
from bedside.methods.worth.interval import Factor


def control(
    name: str, ends: tuple[float, float], plain: tuple[float, float] = (1.5, 2.5)
) -> Control:
    wide, narrow = (Factor(value=2.0, low=low, high=high) for low, high in (ends, plain))
    return Control(name=name, found=wide, plain=narrow)


@pytest.mark.parametrize(
    ("name", "ends", "passed"),
    [
        ("placebo", (0.8, 1.3), True), ("placebo", (1.05, 1.3), False),
        ("oracle", (1.4, 2.6), True), ("oracle", (1.1, 1.9), False), ("oracle", (0.0, 9e9), True),
    ],
)  # fmt: skip
def test_a_control_passes_where_its_interval_holds_the_truth(
    name: str, ends: tuple[float, float], passed: bool
) -> None:
    one = control(name, ends)
    assert one.passed is passed
    assert (one.verdict == "fail") is not passed
    reason = failed([one, control("placebo", (0.9, 1.1))])
    assert (name in reason and f"{ends[1]:.2f}" in reason) is not passed


def test_a_placebo_that_holds_everything_says_nothing() -> None:
    open_, closed = (control("placebo", (low, math.inf)) for low in (0, 0.4))
    assert "as many other labels" in silent([closed, open_])
    assert silent([closed]) == ""
    assert (open_.verdict, closed.verdict) == ("too weak to tell", "pass")


@pytest.mark.parametrize(
    ("plain", "blind"),
    [((1.02, 4.0), False), ((0.97, 4.0), True), ((1.0, 4.0), True), ((1.1, math.inf), False)],
)
def test_an_oracle_that_is_not_told_from_one_is_too_weak(
    plain: tuple[float, float], blind: bool
) -> None:
    """At the level of the levers: that its 99 % interval holds 1 is no reason."""
    one = control("oracle", (0.9, 4.5), plain)
    assert one.passed
    assert (one.verdict == "too weak to tell") is blind
    reason = silent([control("placebo", (0.9, 1.1)), one])
    assert bool(reason) is blind
    if blind:
        assert "twice the real labels came out as 2.00" in reason
        assert "does not exclude 1" in reason
