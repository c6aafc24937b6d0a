from __future__ import annotations

from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from bedside.core import cells
from bedside.core.errors import MissingPartError


def test_the_tree_is_the_registry() -> None:
    assert "tables" in cells.modalities()
    assert {"prepare", "audit", "train"} <= set(cells.stages())
    assert {"prepare", "audit", "train", "evaluate", "serve"} <= set(cells.matrix()["tables"])


@pytest.mark.parametrize(
    ("modality", "stage", "words"),
    [
        ("tabels", "prepare", "did you mean 'tables'"),
        ("tables", "prepair", "did you mean 'prepare'"),
    ],
)
def test_a_missing_part_is_an_answer(modality: str, stage: str, words: str) -> None:
    with pytest.raises(MissingPartError, match=words):
        cells.cell(modality, stage)


def test_a_missing_cell_says_which_file_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {**cells.modalities(), "images": "bedside.core"}
    monkeypatch.setattr(cells, "modalities", lambda: found)
    with pytest.raises(MissingPartError, match=r"tables.* has one; add bedside.core.prepare with"):
        cells.cell("images", "prepare")


def test_an_outside_package_adds_and_a_duplicate_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def points(group: str) -> list[EntryPoint]:
        return [EntryPoint(name=name, value="outside.place", group=group)]

    monkeypatch.setattr(cells, "entry_points", points)
    name = "waves"
    assert cells.modalities()["waves"] == "outside.place"
    name = "tables"
    with pytest.raises(MissingPartError, match=r"bedside\.modalities\.tables and outside\.place"):
        cells.modalities()


@pytest.mark.parametrize(
    ("modality", "stage"), [(m, s) for m, served in cells.matrix().items() for s in served]
)
def test_every_cell_satisfies_its_protocol(modality: str, stage: str) -> None:
    module = cells.cell(modality, stage)
    assert isinstance(module, ModuleType)
    for name in cells.asked_of(cells.stage(stage)):
        assert hasattr(module, name)
