"""Section 2: who the patients are, and how they came to be these."""

from __future__ import annotations

from bedside.adapters.svg_flow import Box, Flow, flow_diagram
from bedside.methods.words import count, interval, joined, percent
from bedside.stages.report.blocks import (
    Block,
    Figure,
    Fold,
    Section,
    Table,
    Text,
    code,
    lines,
    small,
)
from bedside.stages.report.labels import labels_of
from bedside.stages.report.reading import Material, Node

SPLIT_WORDS = {
    "train": "Train",
    "tune": "Tune",
    "held_out": "Held out",
    "external": "External",
}


def patients_section(material: Material) -> Section:
    """Flow diagram, table one, and what became of each column."""
    steps = material.file("flow.json").each()
    blocks: list[Block] = []
    if material.study.about.population:
        blocks.append(Text(body=material.study.about.population))
    blocks += _flow(steps)
    blocks += _table_one(material)
    blocks += _columns(material)
    return Section(anchor="patients", title="Patients", lead=_lead(steps), blocks=blocks)


def _subjects(steps: list[Node], name: str) -> int | None:
    found = [step.at("subjects").number() for step in steps if step.at("step").text() == name]
    known = [number for number in found if number is not None]
    return round(sum(known)) if known else None


def _lead(steps: list[Node]) -> str:
    found = _subjects(steps, "found")
    if found is None:
        return "How many patients there are was not recorded."
    kept = sum(_subjects(steps, name) or 0 for name in SPLIT_WORDS)
    apart = (_subjects(steps, "held_out") or 0) + (_subjects(steps, "external") or 0)
    return (
        f"{count(found)} patients were found and {count(kept)} are studied; {count(apart)} of them "
        "were kept apart, and only the final evaluation saw them."
    )


def _flow(steps: list[Node]) -> list[Block]:
    found = _subjects(steps, "found")
    if found is None:
        return []
    out = [
        Box(headline=f"{count(number)} left out", detail=step.at("why").text())
        for step in steps
        if step.at("step").text() == "excluded"
        for number in [step.at("subjects").number() or 0.0]
    ]
    ends = [
        Box(headline=f"{words}: {count(number)}", detail=_why(steps, name))
        for name, words in SPLIT_WORDS.items()
        for number in [_subjects(steps, name)]
        if number is not None
    ]
    kept = sum(_subjects(steps, name) or 0 for name in SPLIT_WORDS)
    flow = Flow(
        start=Box(headline=f"{count(found)} patients found", detail=_rows(steps)),
        left_out=out,
        rest=Box(headline=f"{count(kept)} patients studied", detail="split by patient"),
        ends=ends,
    )
    title = f"{count(kept)} of {count(found)} patients found are in the study"
    return [Figure(title=title, picture=flow_diagram(flow, f"{title}: {_told(flow)}"))]


def _told(flow: Flow) -> str:
    parts = [f"{box.headline} ({box.detail})" for box in flow.left_out]
    return "; ".join([*parts, *(box.headline for box in flow.ends)])


def _rows(steps: list[Node]) -> str:
    rows = [step.at("rows").number() for step in steps if step.at("step").text() == "found"]
    subjects = _subjects(steps, "found")
    if not rows or rows[0] is None or round(rows[0]) == subjects:
        return ""
    return f"in {count(rows[0])} rows"


_SHORT = {
    "train": "models learn from them",
    "tune": "settings and thresholds are chosen on them",
    "held_out": "the final evaluation",
    "external": "another site or a later time",
}


def _why(steps: list[Node], name: str) -> str:
    why = next((s.at("why").text() for s in steps if s.at("step").text() == name), "")
    return _SHORT.get(name, why)


def _table_one(material: Material) -> list[Block]:
    document = material.file("patients.json")
    splits = [(key, node) for key, node in document.pairs() if key in SPLIT_WORDS]
    if not splits:
        return []
    head = ("", *(SPLIT_WORDS[key] for key, _ in splits))
    nodes = [node for _, node in splits]
    rows: list[tuple[str, ...]] = [("Patients", *(_whole(node, "n") for node in nodes))]
    if any(_outcomes(node) for node in nodes):
        rows.append((_outcome(material), *(_outcomes(node) for node in nodes)))
    for name, _ in nodes[0].at("classes").pairs():
        rows.append((name, *(_having(node, name) for node in nodes)))
    several = bool(labels_of(material))
    unobserved = "No label observed" if several else "Outcome not observed"
    rows.append((unobserved, *(_whole(node, "unobserved") for node in nodes)))
    rows += _field_rows(nodes, _units(material))
    caption = _with_outcome(splits)
    note = "Median (lower to upper quartile), or rows (share of those with a value)."
    if several:
        note += " Of a label: patients who have it (share of those in whom it was observed)."
    elif any(node.at("unobserved").number() for node in nodes):
        note += (
            " Those who were lost before the horizon have no outcome here; where the others are "
            "measured below, they stand in for them by weights."
        )
    return [Table(caption=caption, head=head, rows=rows, kind="wide"), Text(body=note, kind="note")]


def _with_outcome(splits: list[tuple[str, Node]]) -> str:
    """The answer of table one: how many had the outcome."""
    known = [f"{text} of {SPLIT_WORDS[k].lower()}" for k, n in splits if (text := _outcomes(n))]
    if not known:
        return "Who the patients are, by split"
    return f"Patients with the outcome, of those observed: {joined(known)}"


def _having(node: Node, name: str) -> str:
    """Patients with a class or a label; of a label also their share of those observed."""
    known = node.at("observed", name).number()
    whole, having = _whole(node.at("classes"), name), node.at("classes", name).number()
    return f"{whole} ({percent(having / known)})" if known and having is not None else whole


def _outcome(material: Material) -> str:
    outcome = material.study.task.outcome or material.study.task.target or "outcome"
    return outcome[:1].upper() + outcome[1:]


def _units(material: Material) -> dict[str, str]:
    return {name: column.unit for name, column in material.study.columns.items() if column.unit}


def _whole(node: Node, *names: str) -> str:
    number = _either(node, names)
    return "" if number is None else count(number)


def _outcomes(node: Node) -> str:
    number = node.at("outcomes").number()
    if number is None:
        return ""
    total = node.at("n").number() or node.at("subjects").number() or 0.0
    known = total - (node.at("unobserved").number() or 0.0)
    return f"{count(number)} ({percent(number / known)})" if known else count(number)


def _field_rows(splits: list[Node], units: dict[str, str]) -> list[tuple[str, ...]]:
    names = dict.fromkeys(name for split in splits for name, _ in _fields(split))
    rows: list[tuple[str, ...]] = []
    for name in names:
        nodes = [dict(_fields(split)).get(name, Node()) for split in splits]
        label = f"{name}, {units[name]}" if name in units else name
        shares = dict.fromkeys(level for node in nodes for level, _ in _shares(node))
        if not shares:
            year = "year" in units.get(name, "").split()
            rows.append((label, *(_middle(node, year=year) for node in nodes)))
        for level in shares:
            cells = (_share(dict(_shares(node)).get(level, Node())) for node in nodes)
            rows.append((f"{label} = {level}", *cells))
    return rows


def _fields(split: Node) -> list[tuple[str, Node]]:
    fields = split.at("fields")
    if fields.pairs():
        return fields.pairs()
    return [(node.at("field").text() or node.at("name").text(), node) for node in fields.each()]


def _shares(node: Node) -> list[tuple[str, Node]]:
    for key in ("shares", "share", "categories", "levels"):
        if node.at(key).pairs():
            return node.at(key).pairs()
        listed = node.at(key).each()
        if listed:
            return [(x.at("name").text() or x.at("category").text(), x) for x in listed]
    return []


def _share(node: Node) -> str:
    if node.pairs():
        people, share = node.at("subjects").number(), node.at("share").number()
        people = people if people is not None else node.at("count").number()
        return f"{count(people)} ({percent(share)})" if people is not None else percent(share)
    return percent(node.number()) if node.number() is not None else ""


def _middle(node: Node, *, year: bool) -> str:
    ends = node.at("iqr").numbers()
    low, high = ends if len(ends) == 2 else (_either(node, _LOWER), _either(node, _UPPER))
    middle = node.at("median").number()
    text = "" if middle is None else interval(middle, low, high)
    return text.replace(",", "") if year else text


_LOWER, _UPPER = ("q1", "low", "p25", "lower"), ("q3", "high", "p75", "upper")


def _either(node: Node, names: tuple[str, ...]) -> float | None:
    known = (node.at(name).number() for name in names)
    return next((number for number in known if number is not None), None)


def _columns(material: Material) -> list[Block]:
    columns = material.file("columns.json").each()
    if not columns:
        return []
    dropped = {node.text() for node in material.file("dropped.json").each()}
    rows = []
    for node in columns:
        name = node.at("column").text() or node.at("name").text()
        role = node.at("role").text()
        role = lines(role, small("dropped by the audit")) if name in dropped else role
        kind, unit = node.at("type").text() or node.at("kind").text(), node.at("unit").text()
        rows.append(
            (
                code(name), role, f"{kind}, {unit}" if unit else kind,
                percent(node.at("missing_share").number()),
                node.at("known").text(), node.at("why").text() or node.at("looks").text(),
            )
        )  # fmt: skip
    head = ("Column", "Role", "Type and unit", "Missing", "Known", "Remark")
    table = Table(caption="What became of each column", head=head, rows=rows, kind="wide")
    return [Fold(title=f"The {len(rows)} columns of the source", blocks=[table], anchor="columns")]
