"""Section 7: what stretched the labels, and how far; left out where it was not measured."""

from __future__ import annotations

from bedside.methods.words import count
from bedside.stages.report.blocks import Section, Table
from bedside.stages.report.forest import Entry, forest
from bedside.stages.report.pretraining import pretraining_answer, pretraining_blocks
from bedside.stages.report.reading import Material


def levers_section(material: Material) -> Section | None:
    """Each lever as k times the labels, with its controls."""
    found = material.book.all("worth.", split="", slice_=None)
    begun = pretraining_blocks(material)
    if not found and begun:
        lead = pretraining_answer(material)
        return Section(anchor="levers", title="Levers", lead=lead, blocks=begun)
    if not found:
        return None
    names = [item.measure.split(".", 1)[1].replace("_", " ") for item in found]
    entries = [
        Entry(name=f"{name}{'' if item.slice == 'all' else f', {item.slice}'}", item=item)
        for name, item in zip(names, found, strict=True)
    ]
    table: Table = forest(
        material.book, "Each lever as a multiple of the labels; 1 is worth nothing", entries,
        first="Lever", reference=1.0,
    )  # fmt: skip
    lead = f"{count(len(found))} numbers say what stretching the labels was worth."
    return Section(anchor="levers", title="Levers", lead=lead, blocks=[table, *begun])
