"""Section 4: every model that raced, then what the released one does."""

from __future__ import annotations

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import count, interval, patients
from bedside.stages.report.answer import people_node, people_number, per_thousand
from bedside.stages.report.blocks import (
    Block,
    Fold,
    Heading,
    Section,
    Table,
    Text,
    lines,
    small,
    term,
)
from bedside.stages.report.curves import calibration, decision_curve
from bedside.stages.report.forest import Entry, forest
from bedside.stages.report.models import colour, family, model_name, shape, simple_first
from bedside.stages.report.reading import Material, Node, said

_PRIMARY = {"regression": "rmse", "survival": "c_index"}
_DISCRIMINATION = (
    "auroc", "auprc", "c_index", "integrated_brier", "ibs", "brier", "scaled_brier", "log_loss",
    "accuracy", "balanced_accuracy", "rmse", "mae", "r2", "calibration_slope",
    "calibration_intercept", "oe_ratio", "ici", "top_label_calibration_error",
)  # fmt: skip
_OPERATING = (
    "sensitivity", "specificity", "ppv", "npv", "alerts_per_100", "missed_per_100",
    "number_needed_to_evaluate", "net_benefit",
)  # fmt: skip


def performance_section(material: Material) -> Section | None:
    """The race, the released model's numbers and curves, its operating point in people."""
    if "evaluate" not in material.runs:
        return None
    blocks: list[Block] = []
    measure = primary(material)
    for split, where in (("held_out", "held-out"), ("external", "external")):
        table = _race(material, measure, split, where)
        blocks += [table] if table else []
    blocks += _difference(material)
    name = material.released
    if name:
        blocks.append(Heading(body=f"What {model_name(name)} does", anchor="released"))
        blocks += _numbers(material, "Discrimination and calibration", _DISCRIMINATION)
        blocks += calibration(material)
        blocks += decision_curve(material)
        blocks += _operating(material)
        blocks += _inputs(material)
    return Section(
        anchor="performance", title="Performance", lead=_lead(material, measure), blocks=blocks
    )


def primary(material: Material) -> str:
    """The measure by which models were compared."""
    default = _PRIMARY.get(material.study.task.type, "auroc")
    return material.file("verdict.json").at("measure").text(default)


def _lead(material: Material, measure: str) -> str:
    best = _best(material, measure)
    if best is None:
        return "No performance was measured."
    return (
        f"On {patients(best.subjects)} whom no model had seen, {model_name(best.model)} has the "
        f"best {words(measure).name}: {said(best)}."
    )


def _best(material: Material, measure: str) -> Evidence | None:
    names = [x for x in material.models() if family(material, x) != "comparator"]
    found = [item for x in names if (item := material.book.one(measure, x)) is not None]
    known = [item for item in found if item.value is not None]
    sign = -1 if measure in ("rmse", "mae", "brier", "log_loss", "integrated_brier") else 1
    return max(known, key=lambda item: sign * (item.value or 0.0), default=None)


def _race(material: Material, measure: str, split: str, where: str) -> Table | None:
    entries = []
    for name in simple_first(material):
        item = material.book.one(measure, name, split)
        if item is None:
            continue
        kind = family(material, name)
        note = "released" if name == material.released else ""
        label = lines(model_name(name), small(f"{kind}, {note}" if note else kind))
        entries.append(
            Entry(name=label, item=item, kind=colour(material, name), shape=shape(material, name))
        )
    if not entries:
        return None
    return forest(material.book, _race_caption(material, measure, split, where), entries)


def _race_caption(material: Material, measure: str, split: str, where: str) -> str:
    families: dict[str, Evidence] = {}
    sign = -1 if measure in ("rmse", "mae", "brier", "log_loss", "integrated_brier") else 1
    for name in material.models():
        item = material.book.one(measure, name, split)
        kind = family(material, name)
        if item is None or item.value is None or kind == "comparator":
            continue
        held = families.get(kind)
        if held is None or sign * item.value > sign * (held.value or 0.0):
            families[kind] = item
    if "simple" in families and "deep" in families:
        simple, deep = families["simple"], families["deep"]
        return (
            f"On {where} patients the best simple model ({model_name(simple.model)}) reaches "
            f"{_value(simple)} and the best deep one ({model_name(deep.model)}) {_value(deep)}"
        )
    return f"{words(measure).name.capitalize()} of each model on {where} patients"


def _value(item: Evidence) -> str:
    return said(item).split(" (")[0]


def _difference(material: Material) -> list[Block]:
    found = material.book.all("deep_minus_simple.", split="held_out")
    if not found:
        return []
    rows = [
        (
            term(x.measure.split(".", 1)[1], words(x.measure.split(".", 1)[1]).name),
            count(x.subjects),
            material.book.cite(x),
            _reads(x),
        )
        for x in found
    ]
    worth = material.file("verdict.json").at("worthwhile").number()
    least = "" if worth is None else f" A difference of {worth:g} was set as worth having."
    table = Table(
        caption="Deep less simple, on the same patients", rows=rows,
        head=("Measure", "Patients", "Difference (95 % interval)", "What it says"),
    )  # fmt: skip
    text = f"Both models answer for the same patients, so chance that hits both cancels.{least}"
    return [table, Text(body=text, kind="note")]


def _reads(item: Evidence) -> str:
    if item.low is None or item.high is None:
        return "not decided: no interval"
    if item.low <= 0 <= item.high:
        return "no difference is shown: the interval holds 0"
    return "the deep model's is higher" if item.low > 0 else "the deep model's is lower"


def _numbers(material: Material, caption: str, names: tuple[str, ...]) -> list[Block]:
    found = [
        item
        for split in ("held_out", "external")
        for name in names
        if (item := material.book.one(name, material.released, split)) is not None
    ]
    if not found:
        return []
    several = len({item.data for item in found}) > 1
    rows = []
    for item in found:
        word = words(item.measure)
        where = f"{item.data.split('@')[0].replace('_', ' ')}: " if several else ""
        name = lines(term(item.measure, where + word.name), small(word.statistician))
        rows.append((name, count(item.subjects), material.book.cite(item), word.meaning))
    head = ("Measure", "Patients", "Number (95 % interval)", "How to read it")
    return [Table(caption=caption, head=head, rows=rows)]


def _operating(material: Material) -> list[Block]:
    table = material.file("curves.json").at("table_per_1000")
    blocks: list[Block] = []
    rows = [
        (name, _people(table, key))
        for name, key in (
            ("Alerted", "alerts"),
            ("Alerted rightly", "right"),
            ("Alerted in vain", "wrong"),
            ("Missed: outcome without an alert", "missed"),
            ("Rightly left alone", "spared"),
            ("No answer given (abstained)", "abstained"),
        )
        if people_number(table, key) is not None
    ]
    caption = per_thousand(table) or "What happens at the chosen threshold, among 1,000 patients"
    if rows:
        head = ("Of 1,000 patients", "Patients (95 % interval)")
        blocks.append(Table(caption=caption, head=head, rows=rows, kind="narrow"))
        threshold = table.at("threshold").number()
        if threshold is not None:
            blocks.append(Text(body=f"Alert at a risk of {threshold:.3g} or more.", kind="note"))
    measured = _numbers(material, "The operating point in rates", _OPERATING)
    if blocks or measured:
        blocks.insert(0, Heading(body="The operating point", anchor="operating-point"))
    return [*blocks, *measured]


def _people(table: Node, key: str) -> str:
    node = people_node(table, key)
    if not node.pairs():
        return f"{node.number() or 0:,.0f}"
    value, low, high = (
        None if end is None else float(round(end))
        for end in (node.at(key).number() for key in ("value", "low", "high"))
    )
    return interval(value, low, high)


def _inputs(material: Material) -> list[Block]:
    listed = material.file("curves.json").at("importance").each()
    if not listed:
        return []
    rows = [
        (node.at("field").text(), _three(node, ""), _three(node, "shuffled_"))
        for node in listed[:20]
    ]
    first = rows[0][0]
    table = Table(
        caption=f"{first} matters most: what is lost when an input is shuffled among patients",
        head=("Input", "Lost", "Lost by a model of shuffled outcomes"),
        rows=rows,
    )
    note = (
        "The right column is the check: a model that was trained on shuffled outcomes has nothing "
        "to know, so what it loses is noise."
    )
    return [Fold(title="Which inputs mattered", blocks=[table, Text(body=note, kind="note")])]


def _three(node: Node, prefix: str) -> str:
    value, low, high = (node.at(prefix + key).number() for key in ("value", "low", "high"))
    return interval(value, low, high)
