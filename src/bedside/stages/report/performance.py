"""Section 4: every model that raced, simple ones first, and what the deep ones add."""

from __future__ import annotations

from bedside.core.evidence import Evidence
from bedside.methods.measure_words import words
from bedside.methods.words import count, patients
from bedside.stages.report.blocks import Block, Fold, Section, Table, Text, lines, small, term
from bedside.stages.report.chosen import chosen
from bedside.stages.report.forest import Entry, forest
from bedside.stages.report.models import (
    GUESSES,
    colour,
    family,
    model_name,
    primary,
    shape,
    simple_first,
)
from bedside.stages.report.reading import Material, said

_LOWER_IS_BETTER = ("rmse", "mae", "brier", "log_loss", "integrated_brier")


def performance_section(material: Material) -> Section | None:
    """The race, the difference, other people's predictions; then the chosen model."""
    if "evaluate" not in material.runs:
        return None
    blocks: list[Block] = []
    measure = primary(material)
    for split, where in (("held_out", "held-out"), ("external", "external")):
        table = _race(material, measure, split, where)
        blocks += [table] if table else []
    blocks += _settled(material)
    blocks += _difference(material)
    blocks += _comparators(material)
    blocks += chosen(material)
    return Section(
        anchor="performance", title="Performance", lead=_lead(material, measure), blocks=blocks
    )


def _settled(material: Material) -> list[Block]:
    """Why the pair of the verdict need not be the best of the race on these patients."""
    verdict = material.file("verdict.json")
    deep, simple = verdict.at("deep").text(), verdict.at("simple").text()
    if not deep or not simple:
        return []
    body = (
        f"Whom the verdict compares was settled on tune patients, before these were seen: "
        f"{model_name(deep)} and {model_name(simple)}. The best of many on these patients would "
        "look better than it is."
    )
    return [Text(body=body, kind="note")]


def _lead(material: Material, measure: str) -> str:
    best = max(_raced(material, measure, "held_out"), key=_merit, default=None)
    if best is None:
        return "No performance was measured."
    return (
        f"Best at {words(measure).name}, on {patients(best.subjects)} whom no model had seen: "
        f"{model_name(best.model)}, {said(best)}."
    )


def _raced(material: Material, measure: str, split: str) -> list[Evidence]:
    """The measure of each model of the race, where it is defined."""
    names = [name for name in material.models() if family(material, name) != "comparator"]
    found = (material.book.one(measure, name, split) for name in names)
    return [item for item in found if item is not None and item.value is not None]


def _merit(item: Evidence) -> float:
    return (-1 if item.measure in _LOWER_IS_BETTER else 1) * (item.value or 0.0)


def _race(material: Material, measure: str, split: str, where: str) -> Table | None:
    entries = []
    for name in simple_first(material):
        item = material.book.one(measure, name, split)
        if item is None:
            continue
        kind = family(material, name)
        note = f"{kind}, chosen" if name == material.released else kind
        entries.append(
            Entry(
                name=lines(model_name(name), small(note)),
                item=item,
                kind=colour(material, name),
                shape=shape(material, name),
                aside=name in GUESSES,
            )
        )
    if not entries:
        return None
    return forest(material.book, _race_caption(material, measure, split, where), entries)


def _race_caption(material: Material, measure: str, split: str, where: str) -> str:
    best: dict[str, Evidence] = {}
    for item in sorted(_raced(material, measure, split), key=_merit):
        best[family(material, item.model)] = item
    if "simple" in best and "deep" in best:
        simple, deep = best["simple"], best["deep"]
        return (
            f"On {where} patients the best simple model ({model_name(simple.model)}) reaches "
            f"{_value(simple)} and the best deep one ({model_name(deep.model)}) {_value(deep)}"
        )
    name = words(measure).name
    return f"{name[:1].upper()}{name[1:]} of each model on {where} patients"


def _value(item: Evidence) -> str:
    return said(item).split(" (")[0]


def _difference(material: Material) -> list[Block]:
    found = material.book.all("deep_minus_simple.", split="held_out")
    found = [item for item in found if _of(item) != "patients_needed"]
    first = [item for item in found if _of(item) == primary(material)]
    others = [item for item in found if item not in first]
    if not found:
        return []
    least = material.file("verdict.json").at("worthwhile").number()
    worth = "" if least is None else f" A difference of {least:.3g} was set as worth having."
    note = f"Both models answer for the same patients, so chance that hits both cancels.{worth}"
    caption = "What the deep model chosen in training adds to the simple one, on the same patients"
    blocks: list[Block] = [_differences(material, caption, first or others)]
    blocks.append(Text(body=note, kind="note"))
    if first and others:
        table = _differences(material, f"{caption}, by other measures", others)
        blocks.append(Fold(title="The difference by other measures", blocks=[table]))
    return blocks


def _differences(material: Material, caption: str, found: list[Evidence]) -> Table:
    rows = [
        (term(_of(item)), count(item.subjects), material.book.cite(item), _reads(item))
        for item in found
    ]
    head = ("Measure", "Patients", "Deep less simple (95 % interval)", "What it says")
    return Table(caption=caption, rows=rows, head=head, kind="stack")


def _of(item: Evidence) -> str:
    return item.measure.split(".", 1)[1]


def _reads(item: Evidence) -> str:
    if item.low is None or item.high is None:
        return "not decided: no interval"
    if item.low <= 0 <= item.high:
        return "no difference is shown: the interval holds 0"
    return "the deep model's is higher" if item.low > 0 else "the deep model's is lower"


def _comparators(material: Material) -> list[Block]:
    """Other people's predictions, ours and the difference, on those to whom they gave one."""
    models = dict.fromkeys(
        item.model for item in material.book.lines if item.model.startswith("comparator:")
    )
    rows = []
    for model in models:
        name = model.removeprefix("comparator:")
        theirs = material.book.one("auroc", model)
        ours = material.book.all("auroc", model=material.released, slice_=f"with {name}")
        gap = material.book.one(f"model_minus_{name}.auroc", material.released)
        if theirs is None or not ours or gap is None:
            continue
        cite = material.book.cite
        rows.append((name, count(theirs.subjects), cite(theirs), cite(ours[-1]), cite(gap)))
    if not rows:
        return []
    head = (
        "Given with the data", "Patients", "Theirs", model_name(material.released),
        "Ours less theirs",
    )  # fmt: skip
    caption = "Ranking of patients (AUROC) beside predictions that came with the data"
    return [Table(caption=caption, head=head, rows=rows)]
