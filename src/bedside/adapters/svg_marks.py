"""Small shapes that say the same as a colour: verdicts, and the marks of models."""

from __future__ import annotations

from markupsafe import Markup

from bedside.adapters.svg import element

SHAPES = ("circle", "square", "diamond", "left", "right")

_VERDICTS = {
    "pass": ("circle", "M4.5 8.5 L7 11 L11.5 5.5"),
    "fail": ("octagon", "M5 5 L11 11 M11 5 L5 11"),
    "unknown": (
        "open",
        "M5.6 6 Q5.6 3.8 8 3.8 Q10.4 3.8 10.4 6 Q10.4 7.4 8 8.4 L8 9.6 M8 12.1 L8 12.2",
    ),
    "warn": ("triangle", "M8 6.2 L8 9.8 M8 11.8 L8 11.9"),
}
_OUTLINES = {
    "circle": "M8 1 A7 7 0 1 1 7.99 1Z",
    "octagon": "M5.1 1 L10.9 1 L15 5.1 L15 10.9 L10.9 15 L5.1 15 L1 10.9 L1 5.1Z",
    "open": "M1.2 1.2 L14.8 1.2 L14.8 14.8 L1.2 14.8Z",
    "triangle": "M8 1.5 L15.3 14.5 L0.7 14.5Z",
}


def verdict_mark(verdict: str) -> Markup:
    """The shape of a verdict, to stand beside its word: circle, octagon, open square, triangle.

    Unknown is an outline where the others are filled, so that it never passes for a pass.
    """
    outline, sign = _VERDICTS.get(verdict, _VERDICTS["unknown"])
    return element(
        "svg",
        element("path", d=_OUTLINES[outline], class_="shape")
        + element("path", d=sign, class_="sign"),
        viewBox="0 0 16 16",
        class_=f"verdict-mark {verdict if verdict in _VERDICTS else 'unknown'}",
        aria_hidden="true",
        focusable="false",
    )


def marker(shape: str, x: str, y: float, kind: str) -> Markup:
    """A model's mark at x (units or per cent of the width), y."""
    drawn = {
        "circle": element("circle", r=5, class_=f"mark {kind}"),
        "square": element("rect", x=-4.5, y=-4.5, width=9, height=9, class_=f"mark {kind}"),
        "diamond": element("path", d="M0 -6 L6 0 L0 6 L-6 0Z", class_=f"mark {kind}"),
        "left": element("path", d="M-7 0 L5 -6 L5 6Z", class_=f"mark {kind}"),
        "right": element("path", d="M7 0 L-5 -6 L-5 6Z", class_=f"mark {kind}"),
    }[shape]
    # A nested svg takes a position in per cent, which a transform cannot.
    return element("svg", drawn, x=x, y=y, overflow="visible", width=1, height=1)
