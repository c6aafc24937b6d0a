"""Several findings a sample: one table of labels, and each label's own pages folded below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bedside.core.evidence import Evidence
from bedside.methods.words import count
from bedside.stages.report.blocks import Block, Fold, Table, lines, small
from bedside.stages.report.reading import Material, Node, said

_COLUMNS = (
    ("Present", "prevalence"), ("Ranking (AUROC)", "auroc"),
    ("Found (sensitivity)", "sensitivity"), ("Right alerts (PPV)", "ppv"),
    ("Risks off by (ICI)", "ici"),
)  # fmt: skip


def labels_of(material: Material) -> tuple[str, ...]:
    """The labels of a multi-label question; none of any other."""
    task = material.study.task
    return task.labels if task.type == "multilabel" else ()


def of_label(material: Material, label: str) -> Material:
    """What there is on one label, as if it had been the only question."""
    study = material.study
    task = replace(study.task, type="binary", outcome=label, labels=(), unobserved=())
    files = dict(material.files)
    curves = material.file("curves.json")
    own = dict(curves.at("labels", label).pairs())
    own["external"] = curves.at("external", "labels", label)
    files["curves.json"] = Node({key: node.value for key, node in own.items()})
    verdict = dict(material.file("verdict.json").pairs())
    files["verdict.json"] = Node({
        **{key: node.value for key, node in verdict.items()}, "measure": "auroc"
    })  # fmt: skip
    return replace(
        material, study=replace(study, task=task), files=files, book=material.book.of_label(label)
    )


def views(material: Material) -> list[tuple[str, Material]]:
    """Each label with what there is on it; of any other question the whole, without a name."""
    found = [(label, of_label(material, label)) for label in labels_of(material)]
    return found or [("", material)]


def label_table(material: Material) -> list[Block]:
    """Every label in a row: how many have it, how well the chosen model tells it."""
    rows = [_row(material, label, view) for label, view in views(material) if label]
    if not rows or not material.released:
        return []
    worst = min(_ranked(material), key=lambda pair: pair[1].value or 0.0, default=None)
    caption = "The chosen model, label by label"
    if worst is not None:
        caption = f"The chosen model is weakest at '{worst[0]}': AUROC {said(worst[1])}"
    head = ("Label", "Patients", *(name for name, _ in _COLUMNS), "Deep less simple (AUROC)")
    return [Table(caption=caption, head=head, rows=rows, kind="wide")]


def folded(
    material: Material, blocks_of: Callable[[Material], Sequence[Block]], title: str
) -> list[Block]:
    """The blocks of each label under a line with its name."""
    return [
        Fold(title=f"{title}: {label}", blocks=blocks)
        for label, view in views(material)
        if (blocks := blocks_of(view))
    ]


def _row(material: Material, label: str, view: Material) -> tuple[str, ...]:
    shown = view.book.one("auroc", material.released)
    patients = count(shown.subjects) if shown is not None else ""
    cells = (_cell(view, measure, material.released) for _, measure in _COLUMNS)
    return (label, patients, *cells, _cell(view, "deep_minus_simple.auroc", ""))


def _cell(view: Material, measure: str, model: str) -> str:
    item = view.book.one(measure, model)
    if item is None:
        return "not measured"
    number, _, ends = said(item).partition(" (")
    return view.book.cite(item, lines(number, small(ends.removesuffix(")"))))


def _ranked(material: Material) -> list[tuple[str, Evidence]]:
    found = (
        (label, view.book.one("auroc", material.released))
        for label, view in views(material)
        if label
    )
    return [(label, item) for label, item in found if item is not None and item.value is not None]
