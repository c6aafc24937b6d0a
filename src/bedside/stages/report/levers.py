"""Section 7: what stretched the labels, and how far; left out where it was not measured."""

from __future__ import annotations

from bedside.stages.report.blocks import Section
from bedside.stages.report.pretraining import pretraining_answer, pretraining_blocks
from bedside.stages.report.reading import Material
from bedside.stages.report.worth import worth_answer, worth_blocks


def levers_section(material: Material) -> Section | None:
    """Each lever as k times the labels, with its controls, and what pretraining did."""
    lead = worth_answer(material) or pretraining_answer(material)
    if not lead:
        return None
    blocks = [*worth_blocks(material), *pretraining_blocks(material)]
    return Section(anchor="levers", title="Levers", lead=lead, blocks=blocks)
