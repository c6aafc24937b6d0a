"""A forest plot as a table: name, patients, number, and the row's drawing on a shared axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bedside.adapters.svg_rows import Row, forest_axis, forest_row, forest_span
from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import count
from bedside.stages.report.blocks import Table, lines, small
from bedside.stages.report.reading import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row."""

    name: str
    item: Evidence | None
    kind: str = "m0"
    shape: str = "circle"
    note: str = ""
    """Said in place of the number, where there is none to show."""
    patients: int | None = None
    aside: bool = False
    """Whether the axis need not reach it: guessing, which lies far from the rest."""


def forest(
    book: Book, caption: str, entries: Sequence[Entry], *, first: str = "Model",
    reference: float | None = None,
) -> Table:  # fmt: skip
    """The table; its caption is the answer."""
    items = [entry.item for entry in entries if entry.item is not None]
    near = [entry.item for entry in entries if entry.item is not None and not entry.aside]
    ends = [end for item in near or items for end in (item.value, item.low, item.high)]
    measure = items[0].measure if items else ""
    word = words(measure)
    axis = forest_span([*ends, reference], title=word.name, share=word.share)
    rows = []
    for entry in entries:
        item = entry.item
        if item is None:
            number = entry.patients
            rows.append((entry.name, count(number) if number else "", small(entry.note), ""))
            continue
        row = Row(
            value=item.value, low=item.low, high=item.high, kind=entry.kind, shape=entry.shape
        )
        shown = lines(book.cite(item), small(entry.note)) if entry.note else book.cite(item)
        rows.append((entry.name, count(item.subjects), shown, forest_row(axis, row, reference)))
    head = (first, "Patients", _head(items[0]) if items else "", "")
    foot = ("", "", "", forest_axis(axis, reference))
    return Table(caption=caption, head=head, rows=rows, foot=foot, kind="forest stack")


def _head(item: Evidence) -> str:
    word = words(item.measure)
    name = word.name[:1].upper() + word.name[1:]
    short = "" if word.short.lower() == word.name.lower() else f" ({word.short})"
    return f"{name}{short}, {item.level * 100:g} % interval"
