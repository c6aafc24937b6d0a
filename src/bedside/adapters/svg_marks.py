"""Small shapes that say the same as a colour: verdicts, and the marks of models."""

from __future__ import annotations

from markupsafe import Markup

from bedside.adapters.svg import element

SHAPES = ("circle", "square", "diamond", "up", "down")

_VERDICTS = {
    "pass": ("circle", "M4.5 8.5 L7 11 L11.5 5.5"),
    "fail": ("octagon", "M5 5 L11 11 M11 5 L5 11"),
    "unknown": ("open", "M6 6.2 Q6 4.3 8 4.3 Q10 4.3 10 6.2 Q10 7.6 8 8.4 L8 9.3 M8 11.4 L8 11.5"),
    "warn": ("triangle", "M8 6.2 L8 9.8 M8 11.8 L8 11.9"),
}
_OUTLINES = {
    "circle": "M8 1 A7 7 0 1 1 7.99 1Z",
    "octagon": "M5.1 1 L10.9 1 L15 5.1 L15 10.9 L10.9 15 L5.1 15 L1 10.9 L1 5.1Z",
    "open": "M8 0.7 L15.3 8 L8 15.3 L0.7 8Z",
    "triangle": "M8 1.5 L15.3 14.5 L0.7 14.5Z",
}


def verdict_mark(verdict: str) -> Markup:
    """The shape of a verdict, to stand beside its word: circle, octagon, open diamond, triangle.

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
        "up": element("path", d="M0 -6 L6 5 L-6 5Z", class_=f"mark {kind}"),
        "down": element("path", d="M0 6 L6 -5 L-6 -5Z", class_=f"mark {kind}"),
    }[shape]
    # A nested svg takes a position in per cent, which a transform cannot.
    return element("svg", drawn, x=x, y=y, overflow="visible", width=1, height=1)
