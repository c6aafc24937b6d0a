"""Section 5: for whom the released model works, and for whom that cannot be said."""

from __future__ import annotations

import math
import re

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import group
from bedside.stages.report.blocks import Block, Fold, Section, Text
from bedside.stages.report.forest import Entry, forest
from bedside.stages.report.labels import folded, labels_of, views
from bedside.stages.report.models import colour, primary
from bedside.stages.report.reading import Material

_POINTS = ("coverage=", "threshold=", "predicted=")
_RANKING = (
    "Each group is ranked among itself. Where a group is more alike, as patients of one age are, "
    "ranking it is harder for any model; whether its risks hold is told by the measures below."
)
_MORE = ("oe_ratio", "calibration_slope", "ici", "sensitivity", "ppv", "conformal_coverage",
         "abstention_rate")  # fmt: skip


def groups_section(material: Material) -> Section | None:
    """The primary measure by subgroup, then others folded."""
    if not material.released:
        return None
    found = [item for _, view in views(material) for item in slices(view, primary(view))]
    if not found:
        return None
    if labels_of(material):
        blocks = folded(material, _of_outcome, "By group")
        lead = f"Each label by group, below. Over all labels: {_lead(found)}"
        return Section(anchor="groups", title="For whom", lead=lead, blocks=blocks)
    return Section(
        anchor="groups", title="For whom", lead=_lead(found), blocks=_of_outcome(material)
    )


def _of_outcome(material: Material) -> list[Block]:
    """Forests of one outcome; none where no group was measured."""
    measure = primary(material)
    found = slices(material, measure)
    if not found:
        return []
    blocks: list[Block] = [forest_of(material, measure, found)]
    if measure in ("auroc", "c_index"):
        blocks.append(Text(body=_RANKING, kind="note"))
    for name in _MORE:
        others = slices(material, name)
        if name != measure and others:
            title = f"{words(name).name.capitalize()} by group"
            blocks.append(Fold(title=title, blocks=[forest_of(material, name, others)]))
    return blocks


def slices(material: Material, measure: str) -> list[Evidence]:
    """The measure in each subgroup of held-out patients, intersections last."""
    found = material.book.all(measure, model=material.released, slice_=None)
    groups = [item for item in found if _is_group(material, item.slice)]
    return sorted(groups, key=_order)


def _order(item: Evidence) -> tuple[bool, list[tuple[str, float, str]]]:
    """Single groups first; bands of a number in the order of the number."""
    parts = [part.partition("=") for part in item.slice.split(" & ")]
    return len(parts) > 1, [(name, _start(value), value) for name, _, value in parts]


def _start(value: str) -> float:
    if value.startswith("below "):
        return -math.inf
    found = re.match(r"\[?(-?\d+(?:\.\d+)?)(?:,| and above)", value)
    return float(found[1]) if found else 0.0


def _is_group(material: Material, slice_: str) -> bool:
    """Whether a slice is a subgroup of patients, and not a point on a curve or a reason."""
    listed = material.file("curves.json").at("subgroups")
    nodes = [*listed.at("measured").each(), *listed.at("too_small").each()]
    if nodes:
        return slice_ in {node.at("slice").text() for node in nodes}
    return "=" in slice_ and not slice_.startswith(_POINTS)


def too_small(item: Evidence) -> bool:
    """Whether no number with an interval could be given."""
    return item.value is None or item.low is None or item.high is None


def forest_of(material: Material, measure: str, found: list[Evidence]) -> Block:
    """The forest plot, all patients first."""
    overall = material.book.one(measure, material.released)
    kind = colour(material, material.released)
    entries = [Entry(name="All patients", item=overall, kind=kind, shape="diamond")]
    entries = entries if overall is not None else []
    for item in found:
        if too_small(item):
            note = "too few patients to say"
            entries.append(
                Entry(name=group(item.slice), item=None, note=note, patients=item.subjects)
            )
        else:
            entries.append(Entry(name=group(item.slice), item=item, kind=kind))
    reference = overall.value if overall is not None else None
    caption = _caption(measure, overall, found)
    return forest(material.book, caption, entries, first="Group", reference=reference)


def _caption(measure: str, overall: Evidence | None, found: list[Evidence]) -> str:
    name = words(measure).name.capitalize()
    apart = apart_from(overall, found)
    if overall is None:
        return f"{name} by group"
    if not apart:
        return f"{name}: in no group does the interval miss the value of all patients"
    named = "; ".join(group(item.slice) for item in apart[:4])
    return f"{name} differs from that of all patients in: {named}"


def apart_from(overall: Evidence | None, found: list[Evidence]) -> list[Evidence]:
    """Groups whose interval does not hold the value of all patients."""
    if overall is None or overall.value is None:
        return []
    return [
        item
        for item in found
        if item.low is not None
        and item.high is not None
        and not item.low <= overall.value <= item.high
    ]


def _lead(found: list[Evidence]) -> str:
    small_ones = [group(item.slice) for item in found if too_small(item)]
    enough = len(found) - len(small_ones)
    has = "group or intersection has" if enough == 1 else "groups and intersections have"
    text = f"{enough} {has} enough held-out patients for a number"
    if not small_ones:
        return f"{text}."
    more = f" and {len(small_ones) - 4} more" if len(small_ones) > 4 else ""
    return f"{text}. Too few, and named below: {'; '.join(small_ones[:4])}{more}."
