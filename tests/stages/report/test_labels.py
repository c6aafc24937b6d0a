"""What there is on one label, as if it had been the only question; and all labels in a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.core.evidence import Evidence
from bedside.core.study import Study, build_study
from bedside.stages.report.blocks import Fold, Table, Text
from bedside.stages.report.labels import folded, label_table, labels_of, of_label, views
from bedside.stages.report.reading import Book, Material, Node


def _study(task: dict) -> Study:
    about = {"name": "s", "question": "Which?"}
    return build_study({"study": about, "task": task}, path=Path("study.toml"))


def _line(measure: str, slice_: str, value: float) -> Evidence:
    return Evidence(measure=measure, value=value, low=value - 0.1, high=value + 0.1, subjects=90,
                    slice=slice_, stage="evaluate", data="held_out@1", model="trees")  # fmt: skip


LINES = [
    _line("auroc", "label=a", 0.8), _line("auroc", "label=b", 0.6),
    _line("auroc", "label=a & sex=F", 0.7), _line("macro_auroc", "all", 0.7),
]  # fmt: skip


@pytest.fixture
def material() -> Material:
    curves = {"labels": {"a": {"roc": 1}}, "external": {"labels": {"a": {"roc": 2}}}}
    files = {
        "verdict.json": Node({"released": "trees", "measure": "macro_auroc"}),
        "curves.json": Node(curves),
    }
    study = _study({"type": "multilabel", "labels": ["a", "b"]})
    return Material(study=study, runs={}, book=Book(LINES), files=files, data_digest="0" * 8)


def test_a_label_is_shown_as_a_binary_question(material: Material) -> None:
    view = of_label(material, "a")
    assert view.study.task.type == "binary"
    assert [item.slice for item in view.book.lines] == ["all", "sex=F"]
    assert view.file("verdict.json").at("measure").text() == "auroc"
    assert view.file("curves.json").at("roc").number() == 1
    assert view.file("curves.json").at("external", "roc").number() == 2


def test_its_numbers_lead_to_the_lines_that_they_are_of(material: Material) -> None:
    view = of_label(material, "a")
    item = view.book.one("auroc", "trees")
    assert item is not None
    assert f"#e-{LINES[0].id}" in view.book.cite(item)
    assert f"#e-{item.id}" not in view.book.cite(item)


def test_the_table_names_the_weakest_label(material: Material) -> None:
    (table,) = label_table(material)
    assert isinstance(table, Table)
    assert "'b'" in table.caption
    assert [row[0] for row in table.rows] == ["a", "b"]


def test_labels_are_folded_where_there_is_something_to_say(material: Material) -> None:
    def said(view: Material) -> list[Text]:
        return [Text(body="x")] if view.book.all("auroc", slice_="sex=F") else []

    (fold,) = folded(material, said, "By group")
    assert isinstance(fold, Fold)
    assert fold.title == "By group: a"


def test_other_questions_have_no_labels(material: Material) -> None:
    from dataclasses import replace

    binary = replace(material, study=_study({"type": "binary", "target": "y"}))
    assert labels_of(binary) == ()
    assert label_table(binary) == []
    assert views(binary) == [("", binary)]
