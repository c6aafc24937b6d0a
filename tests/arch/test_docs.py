"""The documents against the code: every key, every command, every measure is told, and no other."""

from __future__ import annotations

import json
import re
import tomllib
from argparse import _SubParsersAction
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bedside.cli import _parser
from bedside.core import cells
from bedside.core.chain import Order, execute
from bedside.core.decision import Decision
from bedside.core.executor import InProcess
from bedside.core.gate import Gate
from bedside.core.spec import plain
from bedside.core.study import About, Column, Data, Study, Task, build_study

if TYPE_CHECKING:
    from bedside.core.spec import Plain

ROOT = Path(__file__).resolve().parents[2]
STUDY = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")
SECTIONS: Mapping[str, type] = {
    "[study]": About, "[data]": Data, "[columns.NAME]": Column, "[task]": Task,
    "[decision]": Decision, "[[gates]]": Gate,
    **{f"[{name}]": cells.stage(name).Spec for name in cells.stages()
       if hasattr(cells.stage(name), "run")},
    **{f"[{name}]": module.Spec for name in cells.modalities()
       if (module := cells.settings(name)) is not None},
}  # fmt: skip


def _rows(section: str) -> dict[str, list[str]]:
    """Of each key in a section of the reference: type, default, meaning."""
    text = STUDY.split(f"\n## `{section}`\n")[1].split("\n## ")[0]
    lines = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in text.splitlines()]
    return {cells_[0].strip("`"): cells_[1:] for cells_ in lines if cells_[0].startswith("`")}


def _default(field: Field[object]) -> str | None:
    if field.default_factory is not MISSING:
        return json.dumps(plain(field.default_factory()))
    return None if field.default is MISSING else json.dumps(plain(field.default))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_of_a_study_is_told_with_its_default(section: str) -> None:
    told = _rows(section)
    known = fields(SECTIONS[section])
    assert list(told) == [field.name for field in known]
    for field in known:
        kind, default, meaning = told[field.name]
        assert kind, field.name
        assert len(meaning) > 10, field.name
        assert _told_default(default) == _default(field), field.name


def _told_default(text: str) -> str | None:
    if text == "required":
        return None
    if text == "none":
        return "null"
    return json.dumps(cast("Plain", json.loads(text.strip("`"))))


def test_the_reference_tells_of_no_section_that_there_is_not() -> None:
    assert re.findall(r"^## `(.+)`$", STUDY, re.MULTILINE) == sorted(
        SECTIONS, key=lambda name: STUDY.index(f"## `{name}`")
    )


def test_the_complete_example_is_read() -> None:
    text = STUDY.split("```toml\n")[1].split("```")[0]
    study = build_study(tomllib.loads(text), path=Path("example.toml"), text=text)
    assert study.columns["lactate"].known == "lactate_drawn+1h"
    assert study.decision.sensitivity == 0.9
    assert len(study.gates) == 2


def _commands() -> list[str]:
    actions = [a for a in _parser()._actions if isinstance(a, _SubParsersAction)]
    return list(actions[0].choices)


@pytest.mark.parametrize("command", _commands())
def test_every_command_is_told(command: str) -> None:
    texts = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    assert any(f"bedside {command}" in path.read_text(encoding="utf-8") for path in texts)


def test_no_command_is_told_that_there_is_not() -> None:
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "CHANGELOG.md"):
        text = path.read_text(encoding="utf-8")
        told = re.findall(r"(?:^ {4}(?:\$ )?|`|&& \.venv/bin/)bedside ([a-z]+)", text, re.MULTILINE)
        assert set(told) <= set(_commands()), path.name


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


MEASURES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in (ROOT / "docs" / "measures.md", ROOT / "docs" / "audit.md")
)
FAMILIES = ("deep_minus_simple", "minus_simple", "model_minus_[^.]+", "shuffled")
"""Told once, with M for the measure; `audit.KIND` are in docs/audit.md."""


def _told(measure: str) -> bool:
    if f"`{measure}`" in MEASURES:
        return True
    family, _, rest = measure.partition(".")
    return any(re.fullmatch(one, family) for one in FAMILIES) and _told(rest)


def test_a_measure_that_is_not_told_is_noticed() -> None:
    assert _told("auroc")
    assert _told("deep_minus_simple.auroc")
    assert not _told("aurocs")
    assert not _told("deep_minus_simple.aurocs")
    assert not _told("simple_minus_deep.auroc")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_measure_of_a_run_is_told(made_up_study: Study, tmp_path: Path) -> None:
    order = Order(study=made_up_study, out=tmp_path / "out", tiny=True, executor=InProcess())
    measured = {item.measure for item in execute(order).evidence}
    assert len(measured) > 50
    assert {name for name in measured if not _told(name)} == set()
