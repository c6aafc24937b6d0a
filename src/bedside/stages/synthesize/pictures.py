"""Pictures of the page: a column's real and made-up distribution, an attack between its ends."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from bedside.adapters.svg import Axis, drawing, element, path, text, tick_label, together
from bedside.adapters.svg_marks import marker
from bedside.adapters.svg_rows import forest_axis
from bedside.methods.evaluation.record import clean
from bedside.methods.synthesis.mixed import Column, Values
from bedside.stages.synthesize.verdict import Leak

WIDE, TALL, LEFT, RIGHT, TOP, BOTTOM = 260.0, 120.0, 6.0, 254.0, 8.0, 98.0
BINS, MOST_BARS = 24, 8
ROW = 26.0
GAIN = Axis(title="gain", low=-0.05, high=1.0, share=True, ticks=(0.0, 0.5, 1.0))

Shares = NDArray[np.float64]


def marginal(column: Column, real: Values, made: Values, finding: str) -> Markup:
    """Real patients as filled bars, made-up ones as a line."""
    if column.kind == "category":
        shares, labels = _of_codes(column, real, made)
    else:
        shares, labels = _of_numbers(real, made)
    top = max(float(shares.max(initial=0.0)), 1e-9)
    width = (RIGHT - LEFT) / max(shares.shape[1], 1)
    heights = BOTTOM - (BOTTOM - TOP) * shares / top
    bars = [
        element("rect", x=LEFT + at * width, y=float(y), width=max(width - 1, 0.5),
                height=BOTTOM - float(y), class_="real")
        for at, y in enumerate(heights[0])
    ]  # fmt: skip
    steps = [
        (LEFT + (at + side) * width, float(y)) for at, y in enumerate(heights[1]) for side in (0, 1)
    ]
    body = [*bars, path([(LEFT, BOTTOM), (RIGHT, BOTTOM)], "axis")]
    if steps:
        body.append(path(steps, "made"))
    for label, x, anchor in labels:
        body.append(text(label, x, BOTTOM + 16, "tick", anchor))
    return drawing(together(body), finding, width=WIDE, height=TALL)


Label = tuple[str, float, str]


def _of_numbers(real: Values, made: Values) -> tuple[Shares, list[Label]]:
    """[2, BINS] shares over the middle 98 % of both, and the ends."""
    known = [values[~np.isnan(values)] for values in (real, made)]
    both = np.concatenate(known)
    if not len(both):
        return np.zeros((2, 1)), [("always missing", (LEFT + RIGHT) / 2, "middle")]
    low, high = np.quantile(both, [0.01, 0.99])
    kinds = np.unique(both)
    if len(kinds) <= BINS and len(kinds) > 1:  # a bin for each, or they would beat with the grid
        cuts = np.concatenate([[-np.inf], (kinds[1:] + kinds[:-1]) / 2, [np.inf]])
        low, high = kinds[0], kinds[-1]
    else:
        cuts = _bins(float(low), float(high), kinds)
    shares = [np.histogram(values, cuts)[0] / max(len(values), 1) for values in known]
    ends = [(tick_label(float(f"{low:.4g}")), LEFT, "start"),
            (tick_label(float(f"{high:.4g}")), RIGHT, "end")]  # fmt: skip
    return np.stack(shares), ends if high > low else ends[:1]


def _bins(low: float, high: float, kinds: Values) -> Values:
    """Even cuts, of a whole number of grid steps where there is a grid."""
    if not high > low:
        return np.array([low - 0.5, low + 0.5])
    step = float(np.median(np.diff(kinds)))
    width = max(round((high - low) / BINS / step), 1) * step if step > 0 else (high - low) / BINS
    count = int(np.clip(np.ceil((high - low + step) / width), 1, 3 * BINS))
    return np.asarray(low - step / 2 + width * np.arange(count + 1), np.float64)


def _of_codes(column: Column, real: Values, made: Values) -> tuple[Shares, list[Label]]:
    names = ("missing", *column.names)
    shares = np.stack([
        np.bincount(values.astype(np.int64), minlength=len(names)) / max(len(values), 1)
        for values in (real, made)
    ])  # fmt: skip
    shown = np.flatnonzero(shares.max(axis=0) > 0)
    shown = shown[np.argsort(-shares[0, shown], kind="stable")][:MOST_BARS]
    width = (RIGHT - LEFT) / max(len(shown), 1)
    room = max(int(width / 7), 2)
    labels = [
        (names[code][:room], LEFT + (at + 0.5) * width, "middle") for at, code in enumerate(shown)
    ]
    return shares[:, shown], labels


def attack_row(leak: Leak) -> Markup:
    """Floor, table and ceiling of one attack on one axis."""
    parts = []
    if leak.limit is not None:
        x = _place(leak.limit)
        parts.append(element("line", x1=x, x2=x, y1=3, y2=ROW - 3, class_="limit"))
    low, high = clean(leak.synthetic[1]), clean(leak.synthetic[2])
    if low is not None and high is not None:
        parts.append(element("line", x1=_place(low), x2=_place(high), y1=ROW / 2, y2=ROW / 2,
                             class_="whisker m0"))  # fmt: skip
    for gain, shape, kind in ((leak.copy, "square", "m7"), (leak.real, "circle", "m7"),
                              (leak.synthetic, "diamond", "m0")):  # fmt: skip
        value = clean(gain[0])
        if value is not None:
            parts.append(marker(shape, _place(value), ROW / 2, kind))
    return element("svg", together(parts), width="100%", height=ROW, aria_hidden="true")


def attack_axis() -> Markup:
    """The axis below the rows."""
    return forest_axis(GAIN)


def key(kind: str) -> Markup:
    """A mark by itself, for the key."""
    drawn = {
        "synthetic": marker("diamond", "8", 8, "m0"), "real": marker("circle", "8", 8, "m7"),
        "copy": marker("square", "8", 8, "m7"),
        "limit": element("line", x1=8, x2=8, y1=1, y2=15, class_="limit"),
        "filled": element("rect", x=1, y=4, width=14, height=10, class_="real"),
        "line": element("line", x1=1, x2=15, y1=8, y2=8, class_="made"),
    }[kind]  # fmt: skip
    return element("svg", drawn, viewBox="0 0 16 16", aria_hidden="true")


def _place(value: float) -> str:
    return f"{4 + 92 * GAIN.at(value):.2f}%"
