"""Forest plots as a column of a table: one small drawing a row, all on the same axis.

Positions are in per cent of the cell's width, so the plot fits a phone and a page alike, and each
row's numbers are read where they stand, in the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bedside.adapters.svg import Axis, element, nice_ticks, tick_label, together
from bedside.adapters.svg_marks import marker

_TALL = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row's number with its interval, and how it is marked."""

    value: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "m0"
    shape: str = "circle"


def forest_row(axis: Axis, row: Row, reference: float | None = None) -> Markup:
    """The cell of one row; `reference` is a line that runs through all rows. A value beyond the
    axis is an arrow at its edge."""
    parts = [_upright(axis, reference)]
    if row.low is not None and row.high is not None:
        parts.append(
            element(
                "line",
                x1=_percent(axis, row.low),
                x2=_percent(axis, row.high),
                y1=_TALL / 2,
                y2=_TALL / 2,
                class_=f"whisker {row.kind}",
            )
        )
    if row.value is not None:
        inside = axis.low <= row.value <= axis.high
        beyond = "left" if row.value < axis.low else "right"
        shape = row.shape if inside else beyond
        parts.append(marker(shape, _percent(axis, row.value), _TALL / 2, row.kind))
    return _cell(together(parts), _TALL)


def forest_axis(axis: Axis, reference: float | None = None) -> Markup:
    """The axis below the rows."""
    labels = [_upright(axis, reference, bottom=6)]
    labels.append(element("line", x1="4%", x2="96%", y1=6, y2=6, class_="axis"))
    for value in axis.marks():
        x = _percent(axis, value)
        labels.append(element("line", x1=x, x2=x, y1=6, y2=10, class_="axis"))
        labels.append(
            element(
                "text",
                tick_label(value, share=axis.share),
                x=x,
                y=23,
                class_="tick",
                text_anchor="middle",
            )
        )
    return _cell(together(labels), 28)


def forest_span(values: list[float | None], *, title: str, share: bool = False) -> Axis:
    """An axis wide enough for all values."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return Axis(
        title=title,
        low=low - room,
        high=high + room,
        share=share,
        ticks=tuple(_few(low - room, high + room)),
    )


def _few(low: float, high: float) -> list[float]:
    ticks = nice_ticks(low, high, 3)
    return ticks if len(ticks) <= 4 else ticks[::2]


def _upright(axis: Axis, value: float | None, bottom: float = _TALL) -> Markup:
    if value is None or not axis.low <= value <= axis.high:
        return Markup("")
    x = _percent(axis, value)
    return element("line", x1=x, x2=x, y1=0, y2=bottom, class_="ideal")


def _percent(axis: Axis, value: float) -> str:
    return f"{4 + 92 * axis.at(value):.2f}%"


def _cell(body: Markup, tall: float) -> Markup:
    return element(
        "svg",
        body,
        class_="row-plot",
        width="100%",
        height=tall,
        aria_hidden="true",
        focusable="false",
    )
