"""Section 8: what was not tested or is unknown, and what would settle it; from evidence."""

from __future__ import annotations

from collections.abc import Iterator

from bedside.methods.words import count, group, joined, percent, signs
from bedside.stages.report.blocks import Block, Points, Section, Table, Text, prose
from bedside.stages.report.gates import gate_words
from bedside.stages.report.groups import slices, too_small
from bedside.stages.report.labels import labels_of, views
from bedside.stages.report.models import primary
from bedside.stages.report.reading import Material

_MISSING = {"train": "trained", "evaluate": "evaluated", "release": "put to the gates"}
_TELL = {
    "prevalence": "A column of sites or of times, named in [data].",
    "shortcut": "Patients of several sites, with the column of sites named in [data].",
    "sample_size": "More patients.",
}
_MORE = "More patients, or a closer look at the records."


def limits_section(material: Material) -> Section:
    """Each limit with what would settle it, then what the study's authors say themselves."""
    rows = [*_splits(material), *_groups(material), *_outcomes(material), *_unknown(material)]
    rows += _not_run(material)
    blocks: list[Block] = []
    if rows:
        head = ("What is not known", "What would settle it")
        blocks.append(Table(caption="Limits that follow from the data", head=head, rows=rows))
    stated = material.study.about.limits
    if stated:
        blocks += [Text(body="The authors of the study add:"), Points(items=list(stated))]
    blocks.append(
        Text(
            body="This is research software. It is not a medical device, and this report is not a "
            "clearance to use a model on patients.",
            kind="note",
        )
    )
    lead = f"{len(rows)} things were not tested or cannot be said from these data."
    return Section(anchor="limits", title="Limits", lead=lead, blocks=blocks)


def _splits(material: Material) -> Iterator[tuple[str, str]]:
    steps = [node.at("step").text() for node in material.file("flow.json").each()]
    data = material.study.data
    if "external" not in steps:
        yield (
            "Whether it holds elsewhere: there are no patients of another site.",
            "Patients of a site that no model has seen, named in external_sites of [prepare].",
        )
        dated = "" if data.time else " The data carry no time of prediction."
        yield (
            f"Whether it holds later: held-out patients are of the same time as the others.{dated}",
            "Patients after a date, held apart by external_after in [prepare].",
        )
    if material.tiny:
        yield "How good it is: this was a tiny run, to see that all works.", "A run without --tiny."


def _groups(material: Material) -> Iterator[tuple[str, str]]:
    for label, view in views(material):
        small = [item for item in slices(view, primary(view)) if too_small(item)]
        if not small:
            continue
        named = "; ".join([f"{group(item.slice)} ({count(item.subjects)})" for item in small[:8]])
        more = f", and {len(small) - 8} more groups" if len(small) > 8 else ""
        about = f" at '{label}'" if label else ""
        yield (
            f"How it does{about} in groups with too few held-out patients: {named}{more}.",
            "More patients of these groups, from more sites or more years.",
        )
    grouped = [c for c in material.study.columns.values() if c.group or c.role == "group"]
    if material.released and not grouped:
        yield (
            "For whom it works: the study names no groups.",
            "group = true for the columns in [columns] by which it should be judged.",
        )


def _outcomes(material: Material) -> Iterator[tuple[str, str]]:
    for split, node in material.file("patients.json").pairs():
        missing, whole = node.at("unobserved").number(), node.at("n").number()
        if split == "held_out" and missing and whole and labels_of(material):
            yield (
                f"What {count(missing)} of {count(whole)} held-out patients have: no label of "
                "theirs was observed.",
                "Records or images read for these findings.",
            )
        elif split == "held_out" and missing and whole:
            yield (
                f"What became of {count(missing)} of {count(whole)} held-out patients "
                f"({percent(missing / whole)}): they were lost before the horizon. Others "
                "stand in for them by weights, as if they had left by chance.",
                "Longer follow-up, or linkage to a register.",
            )


def _unknown(material: Material) -> Iterator[tuple[str, str]]:
    for gate in material.file("gates.json").each():
        if gate.at("verdict").text() == "unknown":
            reason = gate.at("reason").text()
            yield f"Whether {gate_words(gate)} holds: {signs(reason)}.", _settle(reason)
    for item in material.file("findings.json").each():
        if item.at("verdict").text() == "unknown":
            look = item.at("look").text() or _TELL.get(item.at("kind").text(), _MORE)
            yield prose(item.at("sentence").text()), prose(look)


def _settle(reason: str) -> str:
    if "patients" in reason:
        return "More patients."
    if "no such evidence" in reason:
        return "Measuring it, or taking the gate out of the study."
    return "A measure with an interval."


def _not_run(material: Material) -> Iterator[tuple[str, str]]:
    missing = [done for stage, done in _MISSING.items() if stage not in material.runs]
    if missing:
        settle = "Clearing what stopped the run; it is said at the top of this page."
        yield f"Anything of a model: none was {joined(missing)}.", settle
