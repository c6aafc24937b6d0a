"""Section 6: when the model should stay silent, and how sure it is when it speaks."""

from __future__ import annotations

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import count, percent
from bedside.stages.report.blocks import Block, Section, Table, Text, lines, small, term
from bedside.stages.report.curves import of_released, risk_coverage
from bedside.stages.report.reading import Material, said

_PARTS = ("abst", "coverage", "novelty", "ood", "set_size", "interval_width", "silent", "answered")


def silence_section(material: Material) -> Section | None:
    """Abstention, conformal coverage, novelty, risk against coverage."""
    if not material.released:
        return None
    found = _evidence(material)
    blocks: list[Block] = [Text(body=_rule(material))]
    if found:
        blocks.append(_table(material, found))
    blocks += _reasons(material)
    blocks += risk_coverage(material)
    return Section(
        anchor="silence", title="When it should stay silent", lead=_lead(found), blocks=blocks
    )


def _evidence(material: Material) -> list[Evidence]:
    own = material.book.all(model=material.released, slice_=None)
    own = [item for item in own if item.stage == "evaluate" and "=" not in item.slice]
    return [item for item in own if any(part in item.measure for part in _PARTS)]


def _lead(found: list[Evidence]) -> str:
    silent = next((x for x in found if x.measure.startswith("abst") and x.slice == "all"), None)
    if silent is None or silent.value is None:
        return "How often the model should stay silent was not measured."
    whole = silent.value / 100 if silent.measure.endswith("_per_100") else silent.value
    people = round(whole * silent.subjects)
    return (
        f"Of {count(silent.subjects)} held-out patients, {count(people)} would get no prediction: "
        f"{said(silent)}."
    )


def _rule(material: Material) -> str:
    rule = material.study.decision
    parts = [
        "It abstains from patients who are more unlike the others than "
        f"{percent(rule.novelty_quantile)} of tune patients, and when more than "
        f"{percent(rule.most_missing)} of the inputs are missing"
    ]
    if rule.abstain_when_ambiguous:
        parts.append("and when the set of possible answers holds more than one, or none")
    return (
        ", ".join(parts)
        + f". Its sets and intervals aim at a coverage of {percent(rule.coverage)}."
    )


def _table(material: Material, found: list[Evidence]) -> Table:
    rows = []
    for item in found:
        word = words(item.measure)
        about = "" if item.slice == "all" else f": {item.slice}"
        name = lines(term(item.measure, word.name + about), small(word.statistician))
        rows.append((name, count(item.subjects), material.book.cite(item), word.meaning))
    head = ("Measure", "Patients", "Number (95 % interval)", "How to read it")
    return Table(caption="Silence, sets and novelty on held-out patients", head=head, rows=rows)


def _reasons(material: Material) -> list[Block]:
    """How many fell silent for which reason, where evaluate says so."""
    reasons = of_released(material, "novelty").at("reasons")
    pairs = reasons.pairs() or of_released(material, "abstention").at("reasons").pairs()
    rows = [(name, count(node.number() or 0)) for name, node in pairs if name]
    if not rows:
        return []
    head = ("Reason", "Patients")
    return [Table(caption="Why it stayed silent", head=head, rows=rows, kind="narrow")]
