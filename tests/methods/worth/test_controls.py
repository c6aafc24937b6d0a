"""A control that misses what is known silences everything, and says why."""

from __future__ import annotations

import math

import pytest

from bedside.methods.worth.controls import Control, failed, silent
from bedside.methods.worth.interval import Factor


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
    one = Control(name=name, found=Factor(value=1.2, low=ends[0], high=ends[1]))
    assert one.passed is passed
    reason = failed([one, Control(name="placebo", found=Factor(value=1, low=0.9, high=1.1))])
    assert (name in reason and f"{ends[1]:.2f}" in reason) is not passed


def test_a_control_that_holds_everything_says_nothing() -> None:
    open_, closed = (
        Control(name="oracle", found=Factor(value=2, low=low, high=math.inf)) for low in (0, 1)
    )
    assert "'oracle'" in silent([closed, open_])
    assert silent([closed]) == ""
