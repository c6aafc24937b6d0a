"""Axes that hold what they show, and numbers that do not cover marks."""

from __future__ import annotations

import re

import pytest

from bedside.stages.history.plots import Mark, Plot, by_order, by_size, ladder_plot


def mark(label: str, x: float, value: float | None = 0.9) -> Mark:
    low, high = (None, None) if value is None else (value - 0.1, value + 0.05)
    return Mark(label=label, x=x, value=value, low=low, high=high)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([31, 4_000, 2_000_000], ["100", "1,000", "10,000", "100,000", "1 million"]),
        ([0.04, 36.0], ["0.1", "1", "10"]),
        ([5.0, 5.0], ["5"]),
        ([0.0, 1.0], ["0.001", "0.01", "0.1", "1"]),
    ],
)
def test_a_logarithmic_axis_is_labelled_where_values_are(
    values: list[float], labels: list[str]
) -> None:
    axis = by_size("weights", values)
    assert list(axis.labels) == labels
    places = [axis.place(at) for at in axis.at]
    assert places == sorted(places)
    assert all(62 <= place <= 420 for place in places)


def test_each_generation_has_a_step_of_its_own() -> None:
    axis = by_order([1958, 2021, 2021])
    steps = [axis.place(at) for at in axis.at]
    assert steps[1] - steps[0] == pytest.approx(steps[2] - steps[1])
    assert list(axis.labels) == ["1958", "2021", "2021"]


def test_a_number_goes_to_the_side_where_there_is_room() -> None:
    ticks = by_order([1, 2])
    near = [mark("1", 0.0), mark("2", 0.02)]
    drawn = str(ladder_plot(Plot(ticks=ticks, marks=near, title="AUROC", finding="x")))
    sides = re.findall(r'class="number" text-anchor="(\w+)">', drawn)
    assert sides == ["end", "start"]


def test_what_is_undefined_is_left_out() -> None:
    marks = [mark("1", 0.0), mark("2", 1.0, None)]
    plot = Plot(ticks=by_order([1, 2]), marks=marks, title="<b>", finding="a & b", line=0.88)
    drawn = str(ladder_plot(plot))
    assert drawn.count('class="number"') == 1
    assert "&lt;b&gt;" in drawn
    assert "a &amp; b" in drawn
    assert 'class="ideal"' in drawn
