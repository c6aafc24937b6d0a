"""Plots over a continuous axis: lines with bands, points with error bars, a histogram below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bedside.adapters.svg import HEIGHT, Frame, drawing, element, path, text, together


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line, with its band where it has one; None breaks it."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    kind: str = "m0"
    """CSS class that gives the colour."""
    dash: str = ""
    """Second cue beside colour: an SVG dash pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point with a vertical interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A histogram: edges [K + 1], counts [K]."""

    edges: Sequence[float]
    counts: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlot:
    """A plot of lines; `diagonal` draws where both axes agree."""

    frame: Frame
    finding: str
    lines: Sequence[Line] = ()
    dots: Sequence[Dot] = ()
    dots_kind: str = "m0"
    bars: Bars | None = None
    bars_title: str = "patients"
    columns: Bars | None = None
    """A histogram on the plot's own axes."""
    diagonal: bool = False
    upright: float | None = None
    """Where to draw a dashed vertical line, such as the chosen threshold."""
    upright_name: str = ""


def line_plot(plot: LinePlot) -> Markup:
    """The drawing; a histogram stands in a strip of its own below the axis."""
    strip = 78 if plot.bars else 0
    keys = 20 * len(plot.lines) if len(plot.lines) > 1 else 0
    parts = [plot.frame.axes(), _columns(plot), _diagonal(plot), _upright(plot)]
    parts += [_band(plot.frame, line) for line in plot.lines]
    parts += [_line(plot.frame, line) for line in plot.lines]
    parts += [_dot(plot.frame, dot, plot.dots_kind) for dot in plot.dots]
    if plot.bars:
        parts.append(_histogram(plot.frame, plot.bars, plot.bars_title))
    if keys:
        parts.append(_key(plot.lines, HEIGHT + strip))
    return drawing(together(parts), plot.finding, height=HEIGHT + strip + keys)


def _columns(plot: LinePlot) -> Markup:
    if plot.columns is None:
        return Markup("")
    drawn = []
    edges = plot.columns.edges
    for low, high, count in zip(edges, edges[1:], plot.columns.counts, strict=False):
        left, top = plot.frame.point(low, count)
        right, bottom = plot.frame.point(high, 0)
        wide = max(right - left - 1, 0.5)
        drawn.append(
            element("rect", x=left + 0.5, y=top, width=wide, height=bottom - top, class_="bar")
        )
    return together(drawn)


def _diagonal(plot: LinePlot) -> Markup:
    if not plot.diagonal:
        return Markup("")
    low = max(plot.frame.x.low, plot.frame.y.low)
    high = min(plot.frame.x.high, plot.frame.y.high)
    return path([plot.frame.point(low, low), plot.frame.point(high, high)], "ideal")


def _upright(plot: LinePlot) -> Markup:
    frame = plot.frame
    if plot.upright is None or not frame.x.low <= plot.upright <= frame.x.high:
        return Markup("")
    x, _ = frame.point(plot.upright, frame.y.low)
    late = x > (frame.left + frame.right) / 2
    place = x - 5 if late else x + 5
    return path([(x, frame.bottom), (x, frame.top)], "ideal") + text(
        plot.upright_name, place, frame.top + 10, "tick", "end" if late else "start"
    )


def _stretches(line: Line) -> list[list[int]]:
    """Runs of places where the line is known."""
    runs: list[list[int]] = [[]]
    for place, value in enumerate(line.y):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]


def _line(frame: Frame, line: Line) -> Markup:
    drawn = []
    for run in _stretches(line):
        known = [(line.x[place], line.y[place]) for place in run]
        points = [frame.point(x, y) for x, y in known if y is not None]
        drawn.append(
            element(
                "path",
                d=" ".join(
                    f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points)
                ),
                class_=f"line {line.kind}",
                stroke_dasharray=line.dash or "none",
            )
        )
    return together(drawn)


def _band(frame: Frame, line: Line) -> Markup:
    if not line.low or not line.high:
        return Markup("")
    drawn = []
    for run in _stretches(line):
        lower = [(line.x[k], line.low[k]) for k in run if line.low[k] is not None]
        upper = [(line.x[k], line.high[k]) for k in run if line.high[k] is not None]
        ring = [frame.point(x, y) for x, y in [*lower, *reversed(upper)] if y is not None]
        drawn.append(path(ring, f"band {line.kind}", closed=True) if ring else Markup(""))
    return together(drawn)


def _dot(frame: Frame, dot: Dot, kind: str) -> Markup:
    x, y = frame.point(dot.x, dot.y)
    whisker = Markup("")
    if dot.low is not None and dot.high is not None:
        ends = [frame.point(dot.x, dot.low), frame.point(dot.x, dot.high)]
        whisker = path(ends, f"whisker {kind}")
    return whisker + element("circle", cx=x, cy=y, r=3.5, class_=f"mark {kind}")


def _histogram(frame: Frame, bars: Bars, title: str) -> Markup:
    top, bottom = HEIGHT + 2, HEIGHT + 62
    most = max(bars.counts, default=0) or 1
    drawn = [text(title, frame.left - 6, top + 10, "tick", "end")]
    for low, high, count in zip(bars.edges, bars.edges[1:], bars.counts, strict=False):
        left, _ = frame.point(low, 0)
        right, _ = frame.point(high, 0)
        tall = (bottom - top) * count / most
        drawn.append(
            element(
                "rect",
                x=left + 0.5,
                y=bottom - tall,
                height=tall,
                width=max(right - left - 1, 0.5),
                class_="bar",
            )
        )
    drawn.append(text(f"{most:,.0f}", frame.left - 6, top + 26, "tick", "end"))
    drawn.append(path([(frame.left, bottom), (frame.right, bottom)], "axis"))
    return together(drawn)


def _key(lines: Sequence[Line], top: float) -> Markup:
    drawn = []
    for place, line in enumerate(lines):
        y = top + 20 * place + 4
        drawn.append(
            element(
                "path",
                d=f"M62 {y:.1f} L92 {y:.1f}",
                class_=f"line {line.kind}",
                stroke_dasharray=line.dash or "none",
            )
        )
        drawn.append(text(line.name, 100, y + 4, "label"))
    return together(drawn)
