"""The distance is drawn where it is: from the lever's curve to the other, level, twice as far."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bedside.adapters.svg_reach import Dots, Reach, reach_of, reach_picture, reach_small
from bedside.core.spec import plain

DOTS = Dots(labels=(100, 200, 400, 800), value=(0.7, 0.75, 0.78, 0.8),
            low=(0.66, 0.73, 0.77, 0.79), high=(0.74, 0.77, 0.79, 0.81))  # fmt: skip
BARE = Reach(name="synthesis", measure="AUROC", finding="a & b", base=DOTS, lever=DOTS,
             words="labels no longer limit this task")  # fmt: skip
DRAWN = replace(
    BARE, along=(100, 200, 400, 800), of_base=DOTS.value, of_lever=(0.75, 0.78, 0.8, 0.81),
    factor=2.0, low=1.5, high=2.6, level=0.775, start=200, words="2.00 (1.50 to 2.60)",
)  # fmt: skip


def _arrow(drawn: str) -> tuple[float, float]:
    start, end = re.search(r'd="M([\d.]+) [\d.]+ L([\d.]+) [\d.]+" class="arrow"', drawn).groups()
    return float(start), float(end)


def _tick(drawn: str, labels: str) -> float:
    return float(re.search(rf'<text x="([\d.]+)"[^>]*>{labels}</text>', drawn)[1])


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_the_arrow_spans_the_factor_on_the_axis_of_labels(factor: float) -> None:
    drawn = str(reach_picture(replace(DRAWN, factor=factor)))
    start, end = _arrow(drawn)
    doubling = _tick(drawn, "400") - _tick(drawn, "200")
    assert end - start == pytest.approx(doubling if factor == 2 else -doubling, abs=0.1)
    assert "arrowhead" in drawn
    assert "k = 2.00 (1.50 to 2.60)" in drawn


def test_an_end_that_is_not_known_has_no_tick() -> None:
    closed, opened = (str(reach_picture(one)) for one in (DRAWN, replace(DRAWN, high=None)))
    assert closed.count('class="extent"') == opened.count('class="extent"') + 1


def test_without_a_number_there_is_no_arrow_and_the_reason_stands_there() -> None:
    drawn = str(reach_picture(BARE))
    assert "arrow" not in drawn
    assert "k =" not in drawn
    assert "labels no longer limit this task" in drawn
    assert "a &amp; b" in drawn


def test_a_picture_survives_json() -> None:
    again = reach_of(plain(DRAWN))
    assert again == DRAWN
    assert reach_small(again) == reach_small(DRAWN)
