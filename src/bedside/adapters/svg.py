"""SVG by hand: elements, axes and frames for plots that live inside a page.

Colours are CSS classes (`m0` .. `m8` for models, `ink`, `grid`, ...), so that one drawing serves
light, dark and print. Every drawing carries a sentence that says what it shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 440, 300
"""Size of a drawing in its own units; text of 13 units stays readable on a phone."""


def element(name: str, body: str = "", /, **attributes: str | float) -> Markup:
    """One SVG element; `class_` and `stroke_width` become `class` and `stroke-width`.

    >>> element("line", x1=0, x2=1.25, class_="grid")
    Markup('<line x1="0" x2="1.25" class="grid"/>')
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value))
        for key, value in attributes.items()
    )
    if not body:
        return Markup("<{}{}/>").format(Markup(name), written)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, escape(body))


def together(parts: Iterable[Markup]) -> Markup:
    """Elements one after the other."""
    return Markup("").join(parts)


def drawing(
    body: Markup, finding: str, *, width: float = WIDTH, height: float = HEIGHT, kind: str = ""
) -> Markup:
    """A whole `<svg>` that scales with its column and tells `finding` to those who cannot see."""
    return element(
        "svg",
        element("title", finding) + body,
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        role="img",
        class_=f"plot {kind}".rstrip(),
        aria_label=finding,
    )


def text(words: str, x: float, y: float, kind: str = "", anchor: str = "start") -> Markup:
    """A line of text."""
    return element("text", words, x=x, y=y, class_=kind or "ink", text_anchor=anchor)


def path(points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False) -> Markup:
    """A line through points, or the area that they enclose."""
    steps = " ".join(
        f"{'L' if place else 'M'}{_short(x)} {_short(y)}" for place, (x, y) in enumerate(points)
    )
    return element("path", d=f"{steps}{'Z' if closed else ''}", class_=kind)


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers within [low, high].

    >>> nice_ticks(0, 1), nice_ticks(0.71, 0.86)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.75, 0.8, 0.85])
    """
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = min(
        (base * power for base in (1, 2, 2.5, 5, 10)), key=lambda size: abs(math.log(size / rough))
    )
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def tick_label(value: float, *, share: bool = False) -> str:
    """How an axis writes a number.

    >>> tick_label(0.25, share=True), tick_label(-0.5), tick_label(1500.0)
    ('25 %', '−0.5', '1,500')
    """
    scaled = value * 100 if share else value
    written = f"{round(scaled, 8):,.6f}".rstrip("0").rstrip(".")
    return written.replace("-", "\N{MINUS SIGN}") + (" %" if share else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis: what it measures and from where to where."""

    title: str
    low: float
    high: float
    share: bool = False
    ticks: tuple[float, ...] = ()

    def marks(self) -> list[float]:
        """Where the axis is labelled."""
        return list(self.ticks) or nice_ticks(self.low, self.high)

    def at(self, value: float) -> float:
        """0 at `low`, 1 at `high`; values outside are held at the edge."""
        span = self.high - self.low
        return min(max((value - self.low) / span if span else 0.5, 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a plot's axes lie on the drawing."""

    x: Axis
    y: Axis
    left: float = 62
    right: float = WIDTH - 24
    top: float = 14
    bottom: float = HEIGHT - 50

    def point(self, x: float, y: float) -> tuple[float, float]:
        """From the axes' units to the drawing's."""
        return (
            self.left + self.x.at(x) * (self.right - self.left),
            self.bottom - self.y.at(y) * (self.bottom - self.top),
        )

    def axes(self) -> Markup:
        """Grid, ticks and titles."""
        middle = (self.top + self.bottom) / 2
        return together(
            [
                *(self._across(value) for value in self.y.marks()),
                *(self._along(value) for value in self.x.marks()),
                path([(self.left, self.bottom), (self.right, self.bottom)], "axis"),
                text(
                    self.x.title, (self.left + self.right) / 2, self.bottom + 38, "label", "middle"
                ),
                element(
                    "text",
                    self.y.title,
                    x=14,
                    y=middle,
                    class_="label",
                    text_anchor="middle",
                    transform=f"rotate(-90 14 {_short(middle)})",
                ),
            ]
        )

    def _across(self, value: float) -> Markup:
        _, y = self.point(self.x.low, value)
        return path([(self.left, y), (self.right, y)], "grid") + text(
            tick_label(value, share=self.y.share), self.left - 6, y + 4, "tick", "end"
        )

    def _along(self, value: float) -> Markup:
        x, _ = self.point(value, self.y.low)
        return path([(x, self.bottom), (x, self.bottom + 5)], "axis") + text(
            tick_label(value, share=self.x.share), x, self.bottom + 19, "tick", "middle"
        )


def _short(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
