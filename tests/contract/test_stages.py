"""What every stage promises: its Spec, what it lays over it for a trial, whom it reads from."""

from __future__ import annotations

import ast
import inspect
import json
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import ModuleType

import pytest

from bedside.core import cells
from bedside.core.chain import CHAIN, READS
from bedside.core.spec import Source, build, plain
from bedside.core.study import Study, embedded, read_study

WITH_SPEC = [name for name in cells.stages() if hasattr(cells.stage(name), "Spec")]
WITH_SECTION = [name for name in WITH_SPEC if hasattr(cells.stage(name), "run")]
CHAINED = [name for name in CHAIN if name in cells.stages()]


def _annotated(module: ModuleType) -> list[tuple[str, str]]:
    """Each field of `Spec` with the text under it, and empty where there is none."""
    tree = ast.parse(inspect.getsource(module))
    spec = next(n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == "Spec")
    found: list[tuple[str, str]] = []
    for node in spec.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append((node.target.id, ""))
        elif found and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[-1] = (found[-1][0], str(node.value.value))
    return found


def test_the_whole_chain_is_there() -> None:
    assert list(CHAIN) == CHAINED


@pytest.mark.parametrize("name", WITH_SPEC)
def test_a_spec_is_a_frozen_record_with_defaults(name: str) -> None:
    kind = cells.stage(name).Spec
    assert is_dataclass(kind)
    parameters = kind.__dataclass_params__  # type: ignore[attr-defined]  # is_dataclass hides it
    assert parameters.frozen
    assert "__slots__" in vars(kind)
    assert (kind.__doc__ or "").startswith(f"`[{name}]`")
    for field in fields(kind):
        assert field.kw_only, field.name
        assert field.default is not MISSING or field.default_factory is not MISSING, field.name
    assert build(kind, plain(kind()), Source("spec")) == kind()


@pytest.mark.parametrize("name", WITH_SECTION)
def test_each_setting_is_said_in_words(name: str) -> None:
    """In a text under it, or, for a row of like settings, in the reference of the study file."""
    module = cells.stage(name)
    annotated = _annotated(module)
    assert [field for field, _ in annotated] == [field.name for field in fields(module.Spec)]
    reference = (Path(__file__).parents[2] / "docs" / "study.md").read_text(encoding="utf-8")
    section = reference.split(f"## `[{name}]`")[1].split("\n## ")[0]
    for field, text in annotated:
        assert text or f"| `{field}` |" in section, field


@pytest.mark.parametrize("name", WITH_SPEC)
def test_a_trial_changes_settings_that_there_are(name: str) -> None:
    module = cells.stage(name)
    tiny = getattr(module, "TINY", {})
    spec = build(module.Spec, tiny, Source("tiny"))
    for key, value in tiny.items():
        assert json.dumps(plain(getattr(spec, key))) == json.dumps(plain(value)), key


@pytest.mark.parametrize("name", CHAINED)
def test_a_stage_reads_only_from_stages_before_it(name: str) -> None:
    module = cells.stage(name)
    before = CHAIN[: CHAIN.index(name)]
    assert isinstance(module.NEEDS, tuple)
    assert {*module.NEEDS, *getattr(module, "MAY_USE", ())} <= set(before)
    assert not set(module.NEEDS) & set(getattr(module, "MAY_USE", ()))
    known = {field.name for field in fields(Study)} | {"modality", "seed", "settings"}
    assert set(getattr(module, "READS", READS)) <= known


@pytest.mark.parametrize("name", CHAINED)
def test_a_stage_runs_by_one_form(name: str) -> None:
    parameters = inspect.signature(cells.stage(name).run).parameters
    assert list(parameters) == ["spec", "context"]


@pytest.mark.parametrize(("name", "path"), embedded().items())
@pytest.mark.parametrize("tiny", [False, True])
def test_every_ready_study_is_read(name: str, path: Path, tiny: bool) -> None:
    study = read_study(path)
    assert study.name == name
    assert study.about.question.endswith("?")
    assert study.about.intended_use
    for stage in WITH_SECTION:
        study.spec(stage, tiny=tiny)
