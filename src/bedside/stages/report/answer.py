"""Section 1: the question and the answer, on one screen."""

from __future__ import annotations

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import patients, signs
from bedside.stages.report.blocks import Block, Card, Cards, Points, Section, Text, lines, term
from bedside.stages.report.gates import gate_table, gate_words
from bedside.stages.report.models import model_name
from bedside.stages.report.reading import Material, Node

_HEADLINES: dict[str, tuple[tuple[str, ...], ...]] = {
    "binary": (
        ("auroc",),
        ("ici", "calibration_slope", "oe_ratio", "brier"),
        ("sensitivity", "ppv", "net_benefit"),
    ),
    "multiclass": (
        ("auroc",),
        ("balanced_accuracy", "accuracy"),
        ("conformal_coverage", "coverage", "brier"),
    ),
    "regression": (("rmse",), ("mae",), ("conformal_coverage", "coverage", "r2")),
    "survival": (
        ("c_index",),
        ("integrated_brier", "ibs", "brier"),
        ("ici", "calibration_slope", "oe_ratio", "auroc"),
    ),
}
_STAGE_WORDS = {
    "prepare": "Preparing the data",
    "audit": "The audit",
    "train": "Training",
    "evaluate": "The evaluation",
    "release": "A gate",
}


def answer(material: Material) -> Section:
    """What stopped the run, or the verdict; then three numbers; then what stops a release."""
    blocks: list[Block] = [*_stop(material), Text(body=_verdict(material), kind="verdict-line")]
    cards = _cards(material)
    if cards:
        blocks.append(Cards(cards=cards))
    blocks += _people(material)
    blocks += _release(material)
    return Section(anchor="answer", title="The answer", lead="", blocks=blocks)


def _stop(material: Material) -> list[Block]:
    return [
        Text(
            body=f"{_STAGE_WORDS.get(stage, stage)} stopped this run: {signs(reason)}", kind="stop"
        )
        for stage, reason in material.stops
    ]


def _verdict(material: Material) -> str:
    sentence = material.file("verdict.json").at("sentence").text()
    if sentence:
        return signs(sentence)
    if material.stops:
        return "Whether deep learning is warranted was not measured: the run ended before."
    return "Whether deep learning is warranted was not measured."


def headline_evidence(material: Material) -> list[Evidence]:
    """The three numbers of the released model, or of the first model there is evidence on."""
    groups = _HEADLINES.get(material.study.task.type, _HEADLINES["binary"])
    found = (material.book.first(names, material.released) for names in groups)
    return [item for item in found if item is not None]


def _cards(material: Material) -> list[Card]:
    if not material.released:
        return []
    return [
        Card(
            name=term(item.measure, words(item.measure).name),
            number=material.book.cite(item),
            patients=f"{model_name(item.model)}, {patients(item.subjects)} held out",
            meaning=words(item.measure).meaning,
        )
        for item in headline_evidence(material)
    ]


def _people(material: Material) -> list[Block]:
    """The operating point in one sentence about people."""
    table = material.file("curves.json").at("table_per_1000")
    sentence = per_thousand(table)
    return [Text(body=sentence, kind="people")] if sentence else []


def per_thousand(table: Node) -> str:
    """Of 1,000 patients: alerts, right ones, missed ones."""
    numbers = [people_number(table, key) for key in ("alerts", "right", "missed")]
    if any(number is None for number in numbers):
        return ""
    alerts, right, missed = (f"{number:,.0f}" for number in numbers)
    return (
        f"Of 1,000 patients like these, {alerts} would be alerted, {right} of them rightly; "
        f"{missed} with the outcome would be missed."
    )


_ALIASES = {
    "alerts": ("alerts", "alerted"),
    "right": ("right", "true_alerts", "right_alerts", "true_positives"),
    "wrong": ("wrong", "false_alerts", "wrong_alerts", "false_positives"),
    "missed": ("missed", "false_negatives"),
    "spared": ("rightly_silent", "true_negatives", "rightly_not_alerted", "silent_right"),
}


def people_node(table: Node, key: str) -> Node:
    """A count of the table per 1,000, under the name it has there."""
    found = (table.at(name) for name in _ALIASES.get(key, (key,)))
    return next((node for node in found if node), Node())


def people_number(table: Node, key: str) -> float | None:
    """A count of the table per 1,000, given as a number or as {value, low, high}."""
    node = people_node(table, key)
    return node.at("value").number() if node.pairs() else node.number()


def _release(material: Material) -> list[Block]:
    gates = material.file("gates.json").each()
    if "release" not in material.runs:
        return [Text(body="Nothing was released: the run did not come to the release.", kind="no")]
    hurting = [gate for gate in gates if gate.at("verdict").text() != "pass"]
    if not hurting:
        passed = f"All {len(gates)} requirements passed" if gates else "No requirement was set"
        name = model_name(material.released) if material.released else "the model"
        said = Text(body=f"{passed}; {name} was released as a signed bundle.", kind="yes")
        return [said, *gate_table(material)]
    items = [
        lines(f"{gate.at('verdict').text()}: {gate_words(gate)}", signs(gate.at("reason").text()))
        for gate in hurting
    ]
    return [
        Text(body=f"{len(hurting)} of {len(gates)} requirements stop the release:", kind="no"),
        Points(items=items),
        *gate_table(material),
    ]
