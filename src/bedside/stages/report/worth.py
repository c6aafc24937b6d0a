"""What each lever is worth in labels: the curves, the distance between them, the controls."""

from __future__ import annotations

from bedside.adapters.svg_reach import reach_of, reach_picture, reach_small
from bedside.methods.measure_words import words
from bedside.methods.words import count, interval, percent, signs
from bedside.stages.report.blocks import Block, Figure, Fold, Heading, Pair, Table, Text
from bedside.stages.report.reading import Material, Node

_CONTROLS = {
    "placebo": "As many other labels, which must be worth 1",
    "oracle": "Twice the real labels, which must be worth 2 and be told from 1",
    "duplicates": "Real labels copied, which adds no information",
}


def worth_answer(material: Material) -> str:
    """In a sentence; empty where it was not measured."""
    sentence = _record(material).at("sentence").text()
    return f"{signs(_capital(sentence))}." if sentence else ""


def worth_blocks(material: Material) -> list[Block]:
    """Each lever as k times the labels, with its controls; none where it was not measured."""
    record = _record(material)
    ranking, levers = record.at("measures").each()[:1], record.at("levers").each()
    if not (levers and record.at("controls")):
        return []
    first = ranking[0].text()
    blocks: list[Block] = [
        Text(body=f"No number is printed: {reason}.", kind="stop") for reason in _refused(record)
    ]
    blocks += [_figure(lever, first) for lever in levers]
    blocks += [
        Text(body=_meaning(record), kind="note"),
        Heading(body="The controls, where the answer is known"), _controls(record, first),
        _table(material, record),
        *(Text(body=said, kind="note") for lever in levers if (said := _leaked(lever))),
    ]  # fmt: skip
    return [*blocks, *_groups(levers)]


def _record(material: Material) -> Node:
    """Of `worth`, where there was a lever to measure."""
    record = material.file("worth.json")
    return record if record.at("levers") else Node()


def _figure(lever: Node, measure: str) -> Figure:
    name, by = _capital(lever.at("name").text()), lever.at("by", measure)
    said = by.at("words").text()
    title = f"{name}: {said}"
    if by.at("value").number() is not None:
        finding = by.at("finding").text()
        title = f"{name} is worth {said} times the labels" + (f": {finding}" if finding else "")
    return Figure(title=signs(title), picture=reach_picture(reach_of(by.at("picture").value)))


def _meaning(record: Node) -> str:
    budgets = record.at("budgets").numbers()
    return (
        "k is the horizontal distance: n labels with the lever do what k n do without. Measured "
        f"with {record.at('model').text()} at {count(budgets[0] or 0)} to "
        f"{count(budgets[-1] or 0)} labelled patients in {record.at('repetitions').text()} orders; "
        "patients by whom settings were chosen count as labelled, and all that a lever fits is "
        f"fitted to the budget's patients alone{record.at('beside').text()}."
    )


def _controls(record: Node, measure: str) -> Pair:
    figures: list[Block] = []
    for name, what in _CONTROLS.items():
        control = record.at("controls", measure, name)
        verdict = control.at("verdict").text()
        title = f"{what}: {control.at('words').text()}" + (f", {verdict}" if verdict else "")
        picture = reach_small(reach_of(control.at("picture").value))
        figures.append(Figure(title=signs(title), picture=picture))
    return Pair(blocks=figures)


def _table(material: Material, record: Node) -> Table:
    names = [node.text() for node in record.at("measures").each()]
    rows = []
    for lever in (*record.at("levers").each(), *record.at("combined").each()):
        cells = [_k(material, record, lever, name) for name in names]
        copies = signs(lever.at("by", names[0], "beside_copies", "words").text())
        rows.append((_capital(lever.at("name").text()), *cells, copies, _times(lever)))
    heads = [f"k by {words(name).short}" for name in names]
    return Table(
        caption="Each lever as times the labels, by two measures; levers' values do not multiply",
        head=("Lever", *heads, "k against copies", "Compute"), rows=rows, kind="wide",
    )  # fmt: skip


def _leaked(lever: Node) -> str:
    """What made-up cases gave away where they were learnt from the most patients."""
    held = lever.at("leaked").each()[-1:]
    if not held:
        return ""
    value, low, high = held[0].at("caught").numbers()
    caught = interval(value, low, high, "share")
    return (
        f"Made-up cases learnt from {count(held[0].at('labels').number() or 0)} labels give away "
        f"{caught} of those patients to an attacker who has 1 % false alarms (chance is 1 %); a "
        f"copy of them in their place {percent(held[0].at('copy').number())}."
    )


def _times(lever: Node) -> str:
    ends = [end for end in lever.at("cost").numbers() if end is not None]
    return "{:.2g} times ({:.2g} to {:.2g})".format(*ends) if len(ends) == 3 else ""


def _k(material: Material, record: Node, lever: Node, measure: str) -> str:
    """As a link to its line, where there is a number; with what it means, in words."""
    by = lever.at("by", measure)
    if by.at("words").text() == record.at("controls", measure, "refused").text():
        return "no number"
    finding = by.at("finding").text()
    said = signs(by.at("words").text() + (f", {finding}" if finding else ""))
    first = record.at("measures").each()[0].text()
    suffix = "" if measure == first else f".{measure}"
    item = material.book.found(f"worth.k{suffix}", f"lever={lever.at('name').text()}")
    return material.book.cite(item, said) if item is not None and item.value is not None else said


def _groups(levers: list[Node]) -> list[Block]:
    rows = [
        (f"{_capital(lever.at('name').text())}, {group.at('slice').text()}",
         count(group.at("subjects").number() or 0), signs(group.at("words").text()))
        for lever in levers
        for group in lever.at("groups").each()
    ]  # fmt: skip
    if not rows:
        return []
    table = Table(
        caption="By subgroup: a lever may help the majority alone",
        head=("Lever and subgroup", "Patients", "k"), rows=rows, kind="narrow",
    )  # fmt: skip
    return [Fold(title=f"k in {count(len(rows))} subgroups", blocks=[table])]


def _refused(record: Node) -> list[str]:
    return [
        gate.at("refused").text()
        for _, gate in record.at("controls").pairs()
        if gate.at("refused")
    ]  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
