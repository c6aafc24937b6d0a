"""Two learning curves, and between them, level, how many times the labels: the distance that is k.

The axis of labels is logarithmic, so that twice is one distance everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bedside.adapters.svg import (
    Axis,
    drawing,
    element,
    nice_ticks,
    path,
    text,
    tick_label,
    together,
)
from bedside.core.spec import Source, build

BASE, LEVER = "m7", "m0"
_LONG = 60
"""Letters that fit on the picture; a longer reason stands in its title alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Scores of one arm at its budgets."""

    labels: tuple[float, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is drawn; curves and arrow are left out where nothing may be said of k."""

    name: str
    """Of the arm with the lever."""
    measure: str
    """Title of the vertical axis."""
    finding: str
    """What the picture shows, in a sentence."""
    base: Dots
    lever: Dots
    along: tuple[float, ...] = ()
    """Labels at which the fitted curves are given."""
    of_base: tuple[float, ...] = ()
    of_lever: tuple[float, ...] = ()
    factor: float | None = None
    low: float | None = None
    """None: beyond what the budgets can show."""
    high: float | None = None
    level: float = 0.0
    """Score at which the distance is drawn."""
    start: float = 0.0
    """Labels that it takes with the lever to get there."""
    words: str = ""
    """k with its interval, as it is written; or why there is none."""
    truth: float | None = None
    """Of a control: what k must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """Where things lie on a drawing of a size."""

    x: Axis
    y: Axis
    width: float
    height: float
    left: float
    top: float
    bottom: float

    def across(self, labels: float) -> float:
        right = self.width - 16
        return self.left + self.x.at(math.log2(labels)) * (right - self.left)

    def up(self, score: float) -> float:
        return self.bottom - self.y.at(score) * (self.bottom - self.top)


def reach_of(held: object) -> Reach:
    """A picture as JSON keeps it."""
    return build(Reach, held, Source("worth.json"))


def reach_picture(reach: Reach) -> Markup:
    """The picture in full: axes, both curves, the distance with its interval."""
    plane = _plane(reach, width=640, height=380, left=66, top=16, bottom=300)
    parts = [_axes(plane, reach), *_curves(plane, reach), _distance(plane, reach), _keys(reach)]
    return drawing(together(parts), reach.finding, width=640, height=380, kind="reach")


def reach_small(reach: Reach) -> Markup:
    """A companion: the two curves of a control, and what came out of what must come out."""
    plane = _plane(reach, width=240, height=150, left=10, top=8, bottom=118)
    parts = [path([(10, 118), (224, 118)], "axis"), *_curves(plane, reach)]
    for labels in (reach.base.labels[0], reach.base.labels[-1]):
        place = "start" if labels == reach.base.labels[0] else "end"
        parts.append(text(f"{labels:,.0f}", plane.across(labels), 134, "tick", place))
    parts.append(text("labels", 125, 134, "tick", "middle"))
    return drawing(together(parts), reach.finding, width=240, height=150, kind="reach small")


def _plane(
    reach: Reach, *, width: float, height: float, left: float, top: float, bottom: float
) -> _Plane:
    ends = [end for dots in (reach.base, reach.lever) for end in (*dots.low, *dots.high)]
    ends += [*reach.of_base, *reach.of_lever]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.07 or 0.01
    logs = [math.log2(n) for n in (*reach.base.labels, *reach.lever.labels)]
    return _Plane(
        x=Axis(title="labelled patients", low=min(logs) - 0.15, high=max(logs) + 0.15),
        y=Axis(title=reach.measure, low=low - room, high=high + room),
        width=width, height=height, left=left, top=top, bottom=bottom,
    )  # fmt: skip


def _axes(plane: _Plane, reach: Reach) -> Markup:
    right = plane.width - 16
    parts = []
    for score in nice_ticks(plane.y.low, plane.y.high):
        y = plane.up(score)
        parts.append(path([(plane.left, y), (right, y)], "grid"))
        parts.append(text(tick_label(score), plane.left - 6, y + 4, "tick", "end"))
    for labels in reach.base.labels:
        x = plane.across(labels)
        parts.append(path([(x, plane.bottom), (x, plane.bottom + 5)], "axis"))
        parts.append(text(f"{labels:,.0f}", x, plane.bottom + 19, "tick", "middle"))
    parts.append(path([(plane.left, plane.bottom), (right, plane.bottom)], "axis"))
    middle = (plane.left + right) / 2
    title = "labelled patients (each step is twice as many)"
    parts.append(text(title, middle, plane.bottom + 38, "label", "middle"))
    centre = (plane.top + plane.bottom) / 2
    parts.append(element("text", plane.y.title, x=14, y=centre, class_="label",
                         text_anchor="middle", transform=f"rotate(-90 14 {centre:g})"))  # fmt: skip
    return together(parts)


def _curves(plane: _Plane, reach: Reach) -> list[Markup]:
    parts = []
    for dots, curve, kind, dash in (
        (reach.base, reach.of_base, BASE, "5 4"), (reach.lever, reach.of_lever, LEVER, "none"),
    ):  # fmt: skip
        if curve:
            points = list(zip(reach.along, curve, strict=True))
        else:
            points = list(zip(dots.labels, dots.value, strict=True))
        parts.append(_line(plane, points, kind, dash))
        aside = 0.0 if kind == BASE else 3.0
        for labels, value, low, high in zip(
            dots.labels, dots.value, dots.low, dots.high, strict=True
        ):
            x = plane.across(labels) + aside
            parts.append(path([(x, plane.up(low)), (x, plane.up(high))], f"whisker {kind}"))
            parts.append(_dot(x, plane.up(value), kind))
    return parts


def _dot(x: float, y: float, kind: str) -> Markup:
    if kind == BASE:
        return element("rect", x=x - 3.2, y=y - 3.2, width=6.4, height=6.4, class_=f"mark {kind}")
    return element("circle", cx=x, cy=y, r=3.8, class_=f"mark {kind}")


def _line(plane: _Plane, points: Sequence[tuple[float, float]], kind: str, dash: str) -> Markup:
    steps = " ".join(
        f"{'L' if place else 'M'}{plane.across(n):.1f} {plane.up(score):.1f}"
        for place, (n, score) in enumerate(points)
    )
    return element("path", d=steps, class_=f"line {kind}", stroke_dasharray=dash)


def _distance(plane: _Plane, reach: Reach) -> Markup:
    """An arrow from the lever's curve to the other, below it the interval of its tip, and down on
    the axis how many labels these are."""
    place = plane.width - 22, _free(plane, reach)
    if reach.factor is None:
        short = len(reach.words) <= _LONG
        return text(reach.words if short else "no number", *place, "strong", "end")
    y, start = plane.up(reach.level), plane.across(reach.start)
    tip = plane.across(reach.start * reach.factor)
    parts = [path([(x, y), (x, plane.bottom)], "drop") for x in (start, tip)]
    parts += [path([(start, y), (tip, y)], "arrow"), *_extent(plane, reach, y + 12)]
    if abs(tip - start) > 14:
        back = 8 if tip > start else -8
        head = [(tip, y), (tip - back, y - 4.5), (tip - back, y + 4.5)]
        parts.append(path(head, "arrowhead", closed=True))
    parts.append(text(f"k = {reach.words}", *place, "strong haloed", "end"))
    ends = f"{reach.start:,.0f} labels with it do what {reach.start * reach.factor:,.0f} do without"
    parts.append(text(ends, place[0], place[1] + 19, "label haloed", "end"))
    return together(parts)


def _extent(plane: _Plane, reach: Reach, y: float) -> list[Markup]:
    """The interval; open at an end that the budgets cannot show."""
    low = plane.left if reach.low is None else plane.across(reach.start * reach.low)
    high = plane.width - 16 if reach.high is None else plane.across(reach.start * reach.high)
    ends = [(low, reach.low), (high, reach.high)]
    ticks = [path([(x, y - 4), (x, y + 4)], "extent") for x, known in ends if known is not None]
    return [path([(low, y), (high, y)], "extent"), *ticks]


def _free(plane: _Plane, reach: Reach) -> float:
    """The height on the right that curves leave free: below, where they rise."""
    rising = reach.base.value[-1] >= reach.base.value[0]
    return plane.bottom - 36 if rising else plane.top + 20


def _keys(reach: Reach) -> Markup:
    parts = []
    for at, (name, kind, dash) in enumerate(
        ((f"with {reach.name}", LEVER, "none"), ("without", BASE, "5 4"))
    ):
        x = 70 + 320 * at
        line = element("path", d=f"M{x} 362 L{x + 30} 362", class_=f"line {kind}",
                       stroke_dasharray=dash)  # fmt: skip
        parts += [line, _dot(x + 15, 362, kind), text(name, x + 38, 366, "label")]
    return together(parts)
