"""Section 3: what the audit found before any training, worst first."""

from __future__ import annotations

from markupsafe import Markup

from bedside.stages.report.blocks import (
    Block,
    Fold,
    Section,
    Table,
    code,
    lines,
    prose,
    small,
    verdict,
)
from bedside.stages.report.reading import Material, Node

_ACTIONS = {
    "stop": "The run was stopped.",
    "drop": "The column was dropped: no model saw it.",
    "warn": "The run went on with this warning.",
    "none": "Nothing had to be done.",
}


def findings_section(material: Material) -> Section:
    """Findings that matter in full; passed checks folded away."""
    findings = material.file("findings.json").each()
    worse = [item for item in findings if item.at("verdict").text() != "pass"]
    passed = [item for item in findings if item.at("verdict").text() == "pass"]
    blocks: list[Block] = []
    if worse:
        blocks.append(_table(material, worse, "What was found, why it matters, what was done"))
    if passed:
        table = _table(material, passed, "Checks that found nothing wrong")
        blocks.append(Fold(title=_passed(len(passed)), blocks=[table]))
    return Section(
        anchor="findings", title="Findings of the audit", lead=_lead(worse, passed), blocks=blocks
    )


def _passed(checks: int) -> str:
    return "1 check passed" if checks == 1 else f"{checks} checks passed"


def _lead(worse: list[Node], passed: list[Node]) -> str:
    if not worse and not passed:
        return "No findings were recorded."
    dropped = [item.at("field").text() for item in worse if item.at("action").text() == "drop"]
    said = [
        f"{number} {word}"
        for verdict_, word in _COUNTED
        if (number := sum(item.at("verdict").text() == verdict_ for item in [*worse, *passed]))
    ]
    fields = list(dict.fromkeys(name for name in dropped if name))
    some = ", ".join(fields[:6]) + (f" and {len(fields) - 6} more" if len(fields) > 6 else "")
    tail = f" Dropped: {some}." if fields else ""
    whole = f"{len(worse) + len(passed)} checks before any training"
    return f"{whole}: {', '.join(said)}.{tail}"


_COUNTED = (
    ("fail", "failed"),
    ("warn", "with a warning"),
    ("unknown", "that nobody can tell from these data"),
    ("pass", "passed"),
)


def _table(material: Material, findings: list[Node], caption: str) -> Table:
    rows = [
        (
            verdict(item.at("verdict").text()),
            _found(item),
            prose(item.at("why").text()),
            _done(item),
            _look(material, item),
        )
        for item in findings
    ]
    head = ("Verdict", "What was found", "Why it matters", "What was done", "To look closer")
    ids = [f"f-{item.at('id').text()}" if item.at("id") else "" for item in findings]
    return Table(caption=caption, head=head, rows=rows, kind="findings", anchors=ids)


def _done(item: Node) -> str:
    action = item.at("action").text()
    if item.at("verdict").text() == "unknown" and action == "none":
        return "Nothing was done: it is not known."
    return _ACTIONS.get(action, action)


def _found(item: Node) -> Markup:
    sentence, field = item.at("sentence").text(), item.at("field").text()
    kind = item.at("kind").text().replace("_", " ")
    head = lines(small(kind)) if kind else lines()
    named = code(field) if field and field not in sentence else ""
    return lines(*(part for part in (head, named, prose(sentence)) if part))


def _look(material: Material, item: Node) -> Markup:
    parts = [prose(item.at("look").text())] if item.at("look") else []
    for reference in item.at("evidence").each():
        named = (reference.at(key).text() for key in ("measure", "slice", "data"))
        found = material.book.found(*named)
        if found is not None:
            name = found.measure.removeprefix("audit.").replace("_", " ").replace(".", ", ")
            parts.append(Markup("{}: {}").format(small(name), material.book.cite(found)))
    return lines(*parts)
