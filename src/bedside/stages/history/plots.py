"""Plots of a ladder: each generation a numbered mark with its interval, over year, size or cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bedside.adapters.svg import (
    HEIGHT,
    WIDTH,
    Axis,
    drawing,
    nice_ticks,
    path,
    text,
    tick_label,
    together,
)
from bedside.adapters.svg_marks import marker

LEFT, RIGHT, TOP, BOTTOM = 62.0, WIDTH - 22.0, 14.0, HEIGHT - 52.0
NEAR = 13.0
"""Units between a mark and a number that would cover it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One generation."""

    label: str
    x: float
    value: float | None
    low: float | None
    high: float | None
    kind: str = "m7"
    shape: str = "circle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """A horizontal axis: where it is labelled, and with what."""

    title: str
    at: Sequence[float]
    labels: Sequence[str]
    low: float
    high: float

    def place(self, x: float) -> float:
        """From the axis to the drawing."""
        share = (x - self.low) / (self.high - self.low)
        return LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Marks over one axis."""

    ticks: Ticks
    marks: Sequence[Mark]
    title: str
    """Of the vertical axis."""
    finding: str
    line: float | None = None
    """A dashed level: the best less what is worth having."""


def by_order(years: Sequence[int]) -> Ticks:
    """Years one after the other, evenly: eras differ more in length than plots can show."""
    last = len(years) - 1
    return Ticks(
        title="year (one step for each generation)", at=range(len(years)),
        labels=[str(year) for year in years], low=-0.5, high=last + 0.5,
    )  # fmt: skip


def by_size(title: str, values: Sequence[float]) -> Ticks:
    """A logarithmic axis that holds all values; its marks are at their logarithms.

    >>> by_size("weights", [30, 2_000]).labels
    ['100', '1,000']
    >>> by_size("seconds", [12, 40]).labels
    ['20']
    """
    logs = [math.log10(max(value, 1e-3)) for value in values]
    room = 0.08 * (max(logs) - min(logs)) or 0.2
    low, high = min(logs) - room, max(logs) + room
    whole = range(math.floor(low), math.ceil(high) + 1)
    at = [float(n) for n in whole if low <= n <= high]
    if len(at) < 2:
        between = (n + math.log10(digit) for n in whole for digit in (1, 2, 5))
        at = [place for place in between if low <= place <= high]
    return Ticks(
        title=title, at=at, labels=[_written(10.0**place) for place in at], low=low, high=high
    )


def _written(value: float) -> str:
    rounded = float(f"{value:.3g}")
    return f"{rounded / 1e6:g} million" if rounded >= 1e6 else tick_label(rounded)


def ladder_plot(plot: Plot) -> Markup:
    """The drawing."""
    axis = _height(plot)
    parts = [_across(axis, plot.title), _along(plot.ticks), _level(axis, plot.line)]
    shown = [mark for mark in plot.marks if mark.value is not None]
    places = [(plot.ticks.place(mark.x), _y(axis, mark.value or 0.0)) for mark in shown]
    parts += [_whisker(axis, mark, x) for mark, (x, _) in zip(shown, places, strict=True)]
    for at, (mark, (x, y)) in enumerate(zip(shown, places, strict=True)):
        parts.append(marker(mark.shape, f"{x:.1f}", y, mark.kind))
        parts.append(_number(mark, (x, y), [*places[:at], *places[at + 1 :]]))
    return drawing(together(parts), plot.finding)


def _height(plot: Plot) -> Axis:
    ends = [
        end for mark in plot.marks for end in (mark.value, mark.low, mark.high) if end is not None
    ]
    ends += [plot.line] if plot.line is not None else []
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = (high - low) * 0.06 or 0.02
    return Axis(title=plot.title, low=low - room, high=high + room)


def _y(axis: Axis, value: float) -> float:
    return BOTTOM - axis.at(value) * (BOTTOM - TOP)


def _across(axis: Axis, title: str) -> Markup:
    drawn = []
    for value in nice_ticks(axis.low, axis.high):
        y = _y(axis, value)
        drawn.append(path([(LEFT, y), (RIGHT, y)], "grid"))
        drawn.append(text(tick_label(value), LEFT - 6, y + 4, "tick", "end"))
    middle = (TOP + BOTTOM) / 2
    drawn.append(Markup(
        '<text x="14" y="{0}" class="label" text-anchor="middle" '
        'transform="rotate(-90 14 {0})">{1}</text>'
    ).format(f"{middle:.1f}", title))  # fmt: skip
    return together(drawn)


def _along(ticks: Ticks) -> Markup:
    drawn = [path([(LEFT, BOTTOM), (RIGHT, BOTTOM)], "axis")]
    for at, label in zip(ticks.at, ticks.labels, strict=True):
        x = ticks.place(at)
        drawn.append(path([(x, BOTTOM), (x, BOTTOM + 5)], "axis"))
        drawn.append(text(label, x, BOTTOM + 19, "tick", "middle"))
    drawn.append(text(ticks.title, (LEFT + RIGHT) / 2, BOTTOM + 40, "label", "middle"))
    return together(drawn)


def _level(axis: Axis, level: float | None) -> Markup:
    if level is None:
        return Markup("")
    y = _y(axis, level)
    return path([(LEFT, y), (RIGHT, y)], "ideal")


def _whisker(axis: Axis, mark: Mark, x: float) -> Markup:
    if mark.low is None or mark.high is None:
        return Markup("")
    return path([(x, _y(axis, mark.low)), (x, _y(axis, mark.high))], f"whisker {mark.kind}")


def _number(
    mark: Mark, place: tuple[float, float], others: Sequence[tuple[float, float]]
) -> Markup:
    """Beside the mark, on the side where no other mark stands."""
    x, y = place
    right = any(abs(x + NEAR - ox) < NEAR and abs(y - oy) < NEAR for ox, oy in others)
    left = right or x + NEAR > RIGHT
    return text(mark.label, x - 8 if left else x + 8, y + 4, "number", "end" if left else "start")
