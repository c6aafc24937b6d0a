"""The table of maps: what passed its check and what did not, label by label."""

from __future__ import annotations

from pathlib import Path

from bedside.core.spec import Plain
from bedside.core.study import build_study
from bedside.stages.report.blocks import Table
from bedside.stages.report.images import images_section
from bedside.stages.report.reading import Book, Material, Node

METHODS: list[Plain] = [
    {"name": "gradient", "title": "gradient", "shown": True, "why": "Shown: good."},
    {"name": "occlusion", "title": "occlusion", "shown": False, "why": "Not shown: too alike."},
]


def _told(explanations: Plain) -> Table:
    table = {
        "study": {"name": "made up", "question": "Which?"}, "data": {"source": "none.csv"},
        "task": {"type": "binary", "target": "t", "outcome": "o"},
    }  # fmt: skip
    files = {"curves.json": Node({"explanations": explanations})}
    study = build_study(table, path=Path("made_up.toml"))
    section = images_section(
        Material(study=study, runs={}, book=Book([]), files=files, data_digest="0" * 8)
    )
    assert section is not None
    (found,) = section.blocks
    assert isinstance(found, Table)
    return found


def test_what_did_not_pass_is_told_too() -> None:
    found = _told({"subjects": 20, "methods": METHODS})
    assert found.head == ("Maps by", "In this report", "Why")
    assert [row[:2] for row in found.rows] == [("gradient", "shown"), ("occlusion", "not shown")]
    assert found.caption.startswith("Of 2 ways to explain the model's answers, 1 passed")


def test_of_several_labels_each_has_its_lines() -> None:
    labels: list[Plain] = [
        {"label": "lesion", "subjects": 20, "methods": METHODS},
        {"label": "cyst", "subjects": 18, "methods": METHODS[1:]},
    ]
    found = _told({"labels": labels})
    assert found.head == ("Finding", "Maps by", "In this report", "Why")
    assert [row[:3] for row in found.rows] == [
        ("lesion", "gradient", "shown"), ("lesion", "occlusion", "not shown"),
        ("cyst", "occlusion", "not shown"),
    ]  # fmt: skip
    assert "Of 3 ways" in found.caption
    assert "20 patients, label by label" in found.caption
