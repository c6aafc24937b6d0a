"""The operating point as counts of people, of 1,000 patients."""

from __future__ import annotations

from bedside.stages.report.reading import Node

_NAMES = {
    "alerts": ("alerts",),
    "right": ("right_alerts", "right"),
    "wrong": ("false_alerts", "wrong"),
    "missed": ("missed",),
    "spared": ("rightly_silent",),
}


def per_thousand(table: Node) -> str:
    """Of 1,000 patients: alerts, right ones, missed ones."""
    numbers = [people_number(table, key) for key in ("alerts", "right", "missed")]
    known = [f"{number:,.0f}" for number in numbers if number is not None]
    if len(known) < 3:
        return ""
    return (
        f"Of 1,000 patients like these, {known[0]} would be alerted, {known[1]} of them rightly; "
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
