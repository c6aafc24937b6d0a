"""Section 6: when the model should stay silent, and how sure it is when it speaks."""

from __future__ import annotations

from markupsafe import Markup

from bedside.adapters.svg import Axis, Frame
from bedside.adapters.svg_lines import Bars, LinePlot, line_plot
from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import count
from bedside.stages.report.blocks import Block, Figure, Section, Table, Text, term
from bedside.stages.report.curves import of_released, risk_coverage, side_by_side
from bedside.stages.report.labels import folded, labels_of
from bedside.stages.report.models import primary
from bedside.stages.report.reading import Material, said

_PARTS = (
    "abstention_rate", "conformal_coverage", "conformal_set_size", "conformal_single",
    "conformal_width", "novelty", "aurc",
)  # fmt: skip


def silence_section(material: Material) -> Section | None:
    """Abstention, conformal coverage, novelty, risk against coverage."""
    if not material.released:
        return None
    found = _evidence(material)
    blocks: list[Block] = [Text(body=_rule(material))]
    if labels_of(material):
        note = "Each label has a set of its own; silence of a label is not that of the others."
        blocks += [Text(body=note, kind="note"), *folded(material, _of_outcome, "Silence")]
    else:
        blocks += _of_outcome(material)
    return Section(
        anchor="silence", title="When it should stay silent", lead=_lead(found), blocks=blocks
    )


def _of_outcome(material: Material) -> list[Block]:
    """Sets, reasons and pictures of one outcome."""
    found = _evidence(material)
    blocks: list[Block] = [_table(material, found)] if found else []
    blocks += _reasons(material)
    return [*blocks, *side_by_side([*_novelty(material), *risk_coverage(material)])]


def _evidence(material: Material) -> list[Evidence]:
    own = material.book.all(model=material.released, slice_=None)
    return [
        item
        for item in own
        if item.measure in _PARTS and (item.slice == "all" or item.slice.startswith("outcome: "))
    ]


def _lead(found: list[Evidence]) -> str:
    silent = next((x for x in found if x.measure == "abstention_rate" and x.slice == "all"), None)
    if silent is None or silent.value is None:
        return "How often the model should stay silent was not measured."
    people = round(silent.value * silent.subjects)
    return (
        f"Of {count(silent.subjects)} held-out patients, {count(people)} would get no prediction: "
        f"{said(silent)}."
    )


def _rule(material: Material) -> str:
    rule = material.study.decision
    parts = [
        "It abstains from patients who are more unlike the others than "
        f"{rule.novelty_quantile * 100:g} % of tune patients, and when more than "
        f"{rule.most_missing * 100:g} % of the inputs are missing"
    ]
    if rule.abstain_when_ambiguous:
        parts.append("and when the set of possible answers holds more than one, or none")
    return (
        ", ".join(parts)
        + f". Its sets and intervals aim at a coverage of {rule.coverage * 100:g} %."
    )


def _table(material: Material, found: list[Evidence]) -> Table:
    rows = []
    for item in found:
        about = "" if item.slice == "all" else f"{item.slice}: "
        meaning = words(item.measure).meaning
        name = term(item.measure, about)
        rows.append((name, count(item.subjects), material.book.cite(item), meaning))
    head = ("Measure", "Patients", "Number (95 % interval)", "How to read it")
    caption = "Silence, sets and novelty on held-out patients"
    return Table(caption=caption, head=head, rows=rows, kind="stack")


def _reasons(material: Material) -> list[Block]:
    """How many fell silent for which reason, and how the model does on the others."""
    found = material.book.all("abstention_rate", model=material.released, slice_=None)
    rows = [
        (item.slice.removeprefix("reason: "), count(round((item.value or 0) * item.subjects)),
         count(item.subjects), material.book.cite(item))
        for item in found
        if item.slice.startswith("reason: ")
    ]  # fmt: skip
    blocks: list[Block] = []
    if rows:
        head = ("Reason", "Silent", "Of patients", "Share (95 % interval)")
        blocks.append(Table(caption="Why it stayed silent", head=head, rows=rows))
    measure = primary(material)
    answered = material.book.all(measure, model=material.released, slice_="answered")
    overall = material.book.one(measure, material.released)
    if answered and overall is not None:
        word = words(measure)
        blocks.append(
            Text(
                body=Markup("{} ({}) among the {} who get an answer: {}; among all {}: {}.").format(
                    word.name.capitalize(),
                    word.short,
                    count(answered[-1].subjects),
                    material.book.cite(answered[-1]),
                    count(overall.subjects),
                    material.book.cite(overall),
                )
            )
        )
    return blocks


def _novelty(material: Material) -> list[Block]:
    """How unlike the training patients these are, with the limit."""
    found = of_released(material, "novelty")
    edges = [x for x in found.at("edges").numbers() if x is not None]
    counts = [x for x in found.at("counts").numbers() if x is not None]
    limit = found.at("limit").number()
    if limit is None or len(edges) != len(counts) + 1 or not sum(counts):
        return []
    reason = material.book.all(
        "abstention_rate", model=material.released, slice_="reason: unlike the training patients"
    )
    share = f"{count(round((reason[-1].value or 0) * reason[-1].subjects))} of " if reason else ""
    whole = count(reason[-1].subjects if reason else sum(counts))
    title = (
        f"{share}{whole} held-out patients are too unlike the training patients for an answer"
        if reason
        else f"How unlike the training patients {whole} held-out patients are"
    )
    frame = Frame(
        x=Axis(title="novelty (how unlike the training patients)", low=edges[0], high=edges[-1]),
        y=Axis(title="patients", low=0.0, high=max(counts) * 1.05),
    )
    plot = LinePlot(
        frame=frame, finding=title, upright=limit, upright_name="limit",
        columns=Bars(edges=edges, counts=counts),
    )  # fmt: skip
    return [Figure(title=title, picture=line_plot(plot))]
