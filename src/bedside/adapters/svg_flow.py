"""A flow diagram of patients: who was found, who was left out and why, how the rest was split."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bedside.adapters.svg import drawing, element, path, text, together

_WIDTH = 560
_LINE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A step of the flow: a headline such as `7,874 residents found`, and lines of detail."""

    headline: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`start`, then what was left out on the way, then the groups it ends in."""

    start: Box
    left_out: Sequence[Box]
    rest: Box
    ends: Sequence[Box]


def flow_diagram(flow: Flow, finding: str) -> Markup:
    """The drawing, top to bottom, with those left out to the right."""
    main, side = (10.0, 250.0), (300.0, 250.0)
    body, bottom = _box(flow.start, main[0], 10, main[1])
    parts = [body]
    middle = main[0] + main[1] / 2
    y = bottom
    for box in flow.left_out:
        body, below = _box(box, side[0], y + 14, side[1], "box aside")
        branch = y + 14 + (below - y - 14) / 2
        parts += [path([(middle, y), (middle, below)], "flow"), body]
        parts.append(_arrow((middle, branch), (side[0], branch)))
        y = below
    parts.append(_arrow((middle, y), (middle, y + 28)))
    body, y = _box(flow.rest, main[0], y + 28, main[1])
    parts.append(body)
    ends, height = _ends(flow.ends, middle, y)
    return drawing(
        together([*parts, *ends]), finding, width=_WIDTH, height=height + 6, kind="flow-chart"
    )


def _ends(boxes: Sequence[Box], middle: float, y: float) -> tuple[list[Markup], float]:
    if not boxes:
        return [], y
    gap = 12.0
    wide = (_WIDTH - 20 - gap * (len(boxes) - 1)) / len(boxes)
    parts, bottom, bar = [path([(middle, y), (middle, y + 14)], "flow")], y, y + 14
    centres = [10 + place * (wide + gap) + wide / 2 for place in range(len(boxes))]
    parts.append(path([(min(*centres, middle), bar), (max(*centres, middle), bar)], "flow"))
    for centre, box in zip(centres, boxes, strict=True):
        parts.append(_arrow((centre, bar), (centre, bar + 20)))
        body, below = _box(box, centre - wide / 2, bar + 20, wide)
        parts.append(body)
        bottom = max(bottom, below)
    return parts, bottom


def _box(box: Box, x: float, y: float, wide: float, kind: str = "box") -> tuple[Markup, float]:
    letters = max(int((wide - 20) / 7.2), 8)
    head = textwrap.wrap(box.headline, letters)
    detail = [line for part in box.detail.splitlines() for line in textwrap.wrap(part, letters + 2)]
    tall = 14 + _LINE * (len(head) + len(detail))
    drawn = [element("rect", x=x, y=y, width=wide, height=tall, rx=6, class_=kind)]
    for place, line in enumerate([*head, *detail]):
        kind = "strong" if place < len(head) else "label"
        drawn.append(text(line, x + 10, y + 19 + _LINE * place, kind))
    return together(drawn), y + tall


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    (x, y), down = end, start[0] == end[0]
    tip = (
        [(x, y), (x - 4, y - 7), (x + 4, y - 7)]
        if down
        else [(x, y), (x - 7, y - 4), (x - 7, y + 4)]
    )
    return path([start, end], "flow") + path(tip, "tip", closed=True)
