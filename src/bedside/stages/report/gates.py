"""The requirements on a release, each with its verdict."""

from __future__ import annotations

from markupsafe import Markup

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import group, signs
from bedside.stages.report.blocks import Block, Fold, Table, verdict
from bedside.stages.report.reading import Material, Node


def gate_table(material: Material) -> list[Block]:
    """All gates with their verdicts."""
    gates = material.file("gates.json").each()
    if not gates:
        return []
    rows = []
    for gate in gates:
        item = _evidence(material, gate)
        number = material.book.cite(item) if item is not None else "none"
        reason = signs(gate.at("reason").text())
        rows.append((verdict(gate.at("verdict").text()), gate_words(gate), number, reason))
    head = ("Verdict", "Requirement", "Evidence", "Reason")
    failed = sum(gate.at("verdict").text() != "pass" for gate in gates)
    caption = (
        f"{failed} of {len(gates)} requirements are not met"
        if failed
        else f"All {len(gates)} requirements are met"
    )
    table = Table(caption=caption, head=head, rows=rows, kind="gates")
    return [Fold(title=caption, blocks=[table], anchor="gates")]


def _evidence(material: Material, gate: Node) -> Evidence | None:
    """What the gate looked at: the last such line of the released model, or of no model."""
    found = material.book.all(
        gate.at("measure").text(), split=gate.at("data").text("held_out").split("@")[0],
        slice_=gate.at("slice").text("all"),
    )  # fmt: skip
    own = [item for item in found if item.model in ("", material.released)]
    return own[-1] if own else None


def gate_words(gate: Node) -> str:
    """What a gate asks, in words."""
    measure, slice_ = gate.at("measure").text(), gate.at("slice").text("all")
    whom = "" if slice_ == "all" else f" in {group(slice_)}"
    bound = gate.at("bound").text().removesuffix(f" for {slice_}")
    return f"{_named(measure)}{whom}, {bound}".removesuffix(", ")


def gate_line(gate: Node) -> Markup:
    """A gate with its verdict and reason, on one line."""
    return Markup("{} {}: {}").format(
        verdict(gate.at("verdict").text()), gate_words(gate), signs(gate.at("reason").text())
    )


def _named(measure: str) -> str:
    word = words(measure)
    return word.name if word.name == word.short.lower() else f"{word.name} ({word.short})"
