"""The chosen model in section 4: discrimination, calibration, decisions, people, inputs."""

from __future__ import annotations

from bedside.methods.measure_words import words
from bedside.methods.words import count, interval
from bedside.stages.report.blocks import Block, Fold, Heading, Table, Text, term
from bedside.stages.report.curves import calibration, decision_curve, side_by_side
from bedside.stages.report.labels import folded, labels_of
from bedside.stages.report.models import model_name
from bedside.stages.report.people import counted, people_node, people_number, per_thousand
from bedside.stages.report.reading import Material, Node

_DISCRIMINATION = (
    "macro_auroc", "macro_auprc", "macro_brier", "macro_scaled_brier", "macro_log_loss",
    "auroc", "auprc", "c_index", "c_index_ipcw", "auroc_at_horizon", "integrated_brier",
    "brier_at_horizon", "calibration_at_horizon", "brier", "scaled_brier", "log_loss",
    "accuracy", "balanced_accuracy", "rmse", "mae", "r2", "calibration_slope",
    "calibration_intercept", "oe_ratio", "ici", "top_label_calibration_error",
)  # fmt: skip
_OPERATING = (
    "sensitivity", "specificity", "ppv", "npv", "alerts_per_100", "missed_per_100",
    "number_needed_to_evaluate", "net_benefit", "net_benefit_gain",
)  # fmt: skip
_PEOPLE = (
    ("Alerted", "alerts"),
    ("Alerted rightly", "right"),
    ("Alerted in vain", "wrong"),
    ("Missed: the outcome without an alert", "missed"),
    ("Rightly left alone", "spared"),
)


def chosen(material: Material) -> list[Block]:
    """All about the model that is, or would be, released."""
    name = material.released
    if not name:
        return []
    if labels_of(material):
        return [
            Heading(body=f"The chosen model: {model_name(name)}", anchor="chosen"),
            *_numbers(material, "Means over labels", _DISCRIMINATION),
            *folded(material, _details, "In detail"),
            *_inputs(material),
        ]
    heading = Heading(body=f"The chosen model: {model_name(name)}", anchor="chosen")
    return [heading, *_details(material)]


def _details(material: Material) -> list[Block]:
    """The chosen model's numbers and pictures, of one outcome."""
    return [
        *_numbers(material, "Discrimination and calibration", _DISCRIMINATION),
        *side_by_side([*calibration(material), *decision_curve(material)]),
        *calibration(material, "external"),
        *_operating(material),
        *_inputs(material),
    ]


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
        where = f"{item.data.split('@')[0].replace('_', ' ')}: " if several else ""
        name, number = term(item.measure, where), material.book.cite(item)
        rows.append((name, count(item.subjects), number, words(item.measure).meaning))
    head = ("Measure", "Patients", "Number (95 % interval)", "How to read it")
    return [Table(caption=caption, head=head, rows=rows, kind="stack")]


def _operating(material: Material) -> list[Block]:
    table = material.file("curves.json").at("table_per_1000")
    blocks: list[Block] = []
    rows = [
        (name, _people(material, table, key))
        for name, key in _PEOPLE
        if people_number(table, key) is not None
    ]
    if rows:
        noun = counted(material)
        caption = per_thousand(table, noun) or f"What happens at the threshold, of 1,000 {noun}"
        head = (f"Of 1,000 {noun}", f"{noun.capitalize()} (95 % interval)")
        blocks.append(Table(caption=caption, head=head, rows=rows, kind="narrow"))
        threshold = table.at("threshold").number()
        if threshold is not None:
            note = f"An alert is a risk of {threshold * 100:.3g} % or more."
            blocks.append(Text(body=note, kind="note"))
    measured = _numbers(material, "The operating point in rates", _OPERATING)
    if blocks or measured:
        blocks.insert(0, Heading(body="The operating point", anchor="operating-point"))
    return [*blocks, *measured]


def _people(material: Material, table: Node, key: str) -> str:
    """The count of people with its interval, leading to its line where there is one."""
    node = people_node(table, key)
    if not node.pairs():
        return f"{node.number() or 0:,.0f}"
    ends = [node.at(end).number() for end in ("value", "low", "high")]
    value, low, high = ("not defined" if end is None else count(end) for end in ends)
    text = f"{value} ({low} to {high})"
    found = material.book.all("table_per_1000", model=material.released, slice_=None)
    same = [item for item in found if item.value == node.at("value").number()]
    return material.book.cite(same[-1], text) if same else text


def _inputs(material: Material) -> list[Block]:
    listed = material.file("curves.json").at("importance").each()
    if not listed:
        return []
    rows = [
        (field, _drop(material, node, ""), _drop(material, node, "shuffled_"))
        for node in listed[:20]
        for field in [node.at("field").text()]
    ]
    title = f"{rows[0][0]} matters most to the chosen model"
    table = Table(
        caption=f"{title}: what is lost when an input changes hands among patients",
        head=("Input", "Lost", "Lost by a model of shuffled outcomes"),
        rows=rows,
    )
    note = (
        "Lost, of the measure that models were compared by. The right column is the check: a model "
        "that was trained on shuffled outcomes has nothing to know, so what it loses is noise. "
        "This says what the model leans on, not what causes the outcome."
    )
    return [Fold(title=title, blocks=[table, Text(body=note, kind="note")])]


def _drop(material: Material, node: Node, prefix: str) -> str:
    measure = "importance.shuffled" if prefix else "importance"
    found = material.book.all(measure, slice_=node.at("field").text())
    if found:
        return material.book.cite(found[-1])
    value, low, high = (node.at(prefix + key).number() for key in ("value", "low", "high"))
    return "not measured" if value is None else interval(value, low, high)
