"""Money follows k and its ends; what is not known is not invented."""

from __future__ import annotations

import math

import pytest

from bedside.methods.worth.interval import Factor
from bedside.methods.worth.money import saved
from bedside.methods.worth.verdict import Verdict


def verdict(value: float, low: float, high: float) -> Verdict:
    factor = Factor(value=value, low=low, high=high)
    return Verdict(kind="number", factor=factor, gain=(0, 0, 0), ceiling=8.0)


@pytest.mark.parametrize(
    ("ends", "money"),
    [
        ((1.5, 1.2, 2.0), (10_000, 4_000, 20_000)),
        ((0.8, 0.5, 1.1), (-4_000, -10_000, 2_000)),
        ((3.0, 1.5, math.inf), (40_000, 10_000, None)),
    ],
)
def test_saved_money(ends: tuple[float, ...], money: tuple[float | None, ...]) -> None:
    found = saved(verdict(*ends), 1000, 20.0)
    assert (found.value, found.low, found.high) == money


def test_no_number_no_money() -> None:
    nothing = Verdict(kind="refused", factor=None, gain=(0, 0, 0), ceiling=8.0, reason="x")
    assert saved(nothing, 1000, 20.0).value is None
