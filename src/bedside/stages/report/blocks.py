"""What a page is made of: sections of paragraphs, tables, figures and folded parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from bedside.adapters.svg_marks import verdict_mark
from bedside.methods.measure_words import WORDS, words
from bedside.methods.words import signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph; plain text is escaped."""

    body: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading below the section's own."""

    body: str
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose caption is its answer and whose first cell of a row is the row's name."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: Sequence[str] = ()
    kind: str = ""
    anchors: Sequence[str] = ()
    """An id for each row, where rows are linked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture; its title is the answer."""

    title: str
    picture: Markup
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Blocks side by side where there is room."""

    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Something folded away under a line that says what it is."""

    title: str
    blocks: Sequence[Block]
    anchor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One headline number: what, how much, on how many, what that means."""

    name: str
    number: str
    patients: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """The headline numbers."""

    cards: Sequence[Card]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A list."""

    items: Sequence[str]


Block = Text | Heading | Table | Figure | Pair | Fold | Cards | Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One of the nine parts, with the sentence that sums it up."""

    anchor: str
    title: str
    lead: str
    blocks: Sequence[Block]


VERDICT_WORDS = {
    "pass": "Pass",
    "fail": "Fail",
    "unknown": "Unknown",
    "warn": "Warning",
}


def verdict(name: str) -> Markup:
    """A verdict: its shape and its word."""
    known = name if name in VERDICT_WORDS else "unknown"
    return Markup('<span class="verdict {}">{} {}</span>').format(
        known, verdict_mark(known), VERDICT_WORDS[known]
    )


def kind_of(block: Block) -> str:
    """The name by which the template knows a block."""
    return type(block).__name__.lower()


def small(body: str) -> Markup:
    """Small type."""
    return Markup("<small>{}</small>").format(body)


def code(body: str) -> Markup:
    """A name as a machine knows it."""
    return Markup("<code>{}</code>").format(body)


def term(measure: str, before: str = "") -> Markup:
    """A measure's name, and below it the statistician's, which leads to its meaning."""
    word = words(measure)
    name = before + word.name if before else word.name[:1].upper() + word.name[1:]
    if measure not in WORDS:
        return Markup("{}").format(name)
    if word.short.lower() == word.name.lower():
        return Markup('<a class="t" href="#m-{}">{}</a>').format(measure, name)
    return Markup('{}<br><small><a class="t" href="#m-{}">{}</a></small>').format(
        name, measure, word.short
    )


def prose(text: str) -> Markup:
    """A sentence, with what stands between backticks as code."""
    parts = signs(text).split("`")
    drawn = [code(part) if place % 2 else escape(part) for place, part in enumerate(parts)]
    return Markup("").join(drawn)


def lines(*parts: str) -> Markup:
    """Parts, each on a line of its own."""
    return Markup("<br>").join(parts)
