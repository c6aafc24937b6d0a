"""The operating point as counts, of 1,000 patients; of images, where patients have several."""

from __future__ import annotations

from bedside.stages.report.reading import Material, Node

_NAMES = {
    "alerts": ("alerts",),
    "right": ("right_alerts", "right"),
    "wrong": ("false_alerts", "wrong"),
    "missed": ("missed",),
    "spared": ("rightly_silent",),
}


def counted(material: Material) -> str:
    """What is alerted: patients, or what a patient has several of."""
    found = next(iter(material.file("flow.json").each()), Node())
    rows, subjects = found.at("rows").number() or 0, found.at("subjects").number() or 0
    if rows <= subjects:
        return "patients"
    return "images" if material.study.about.modality == "images" else "samples"


def per_thousand(table: Node, noun: str = "patients") -> str:
    """Of 1,000 patients: alerts, right ones, missed ones."""
    numbers = [people_number(table, key) for key in ("alerts", "right", "missed")]
    known = [f"{number:,.0f}" for number in numbers if number is not None]
    if len(known) < 3:
        return ""
    return (
        f"Of 1,000 {noun} like these, {known[0]} would be alerted, {known[1]} of them rightly; "
        f"{known[2]} with the outcome would be missed."
    )


def people_node(table: Node, key: str) -> Node:
    """A count of the table per 1,000, under the name it has there."""
    found = (table.at(name) for name in _NAMES[key])
    return next((node for node in found if node), Node())


def people_number(table: Node, key: str) -> float | None:
    """A count of the table per 1,000, given as a number or as {value, low, high}."""
    node = people_node(table, key)
    return node.at("value").number() if node.pairs() else node.number()
