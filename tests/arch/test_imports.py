"""One direction of imports and no cycle, imports inside functions counted."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import bedside

ROOT = Path(bedside.__file__).parent
HEAVY = {"torch", "sklearn", "scipy", "pyarrow", "onnx", "onnxruntime", "optuna", "pandas"}

# cli draws its progress with adapters.terminal; everything else it reaches through core.
MAY = {
    "core": {"core"},
    "methods": {"core", "methods"},
    "adapters": {"core", "adapters"},
    "stages": {"core", "methods", "adapters"},
    "modalities": {"core", "methods", "adapters"},
    "cli": {"core", "adapters.terminal"},
}


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_module(path): path for path in sorted(ROOT.rglob("*.py"))}


def _imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in FILES else node.module)
    return found


def _type_checking_removed(tree: ast.Module) -> ast.Module:
    class Remove(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            named = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            return None if named else self.generic_visit(node)

    return Remove().visit(tree)


GRAPH = {
    name: {
        other
        for other in _imported(_type_checking_removed(ast.parse(path.read_text())))
        if other in FILES and other != name
    }
    for name, path in FILES.items()
}


def _room(module: str) -> tuple[str, str]:
    parts = module.split(".")[1:]
    return (parts[0] if parts else "", ".".join(parts))


def _breaches(graph: dict[str, set[str]]) -> list[str]:
    found = []
    for name, others in graph.items():
        room, _ = _room(name)
        for other in others:
            target, path = _room(other)
            if room not in MAY or not target:
                continue
            allowed = target in MAY[room] or path in MAY[room]
            if room == "modalities" and target == "modalities":
                allowed = name.split(".")[2] == other.split(".")[2]
            if room == "stages" and target == "stages":
                allowed = name.split(".")[2] == other.split(".")[2]  # a folder of the stage's own
            if not allowed:
                found.append(f"{name} imports {other}")
    return found


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def test_rooms_import_in_one_direction() -> None:
    assert _breaches(GRAPH) == []


def test_no_import_cycle() -> None:
    assert _cycle(GRAPH) == []


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("bedside.core.run", "bedside.methods.survival"),
        ("bedside.stages.audit", "bedside.stages.prepare"),
        ("bedside.stages.audit", "bedside.modalities.tables.audit"),
        ("bedside.cli", "bedside.stages.prepare"),
        ("bedside.methods.survival", "bedside.adapters.onnx"),
    ],
)
def test_a_breach_is_seen(name: str, other: str) -> None:
    assert _breaches(GRAPH | {name: GRAPH.get(name, set()) | {other}})


def test_a_cycle_is_seen() -> None:
    assert _cycle(GRAPH | {"bedside.core.errors": {"bedside.core.study"}})


def _top_level(tree: ast.Module) -> set[str]:
    shallow = ast.Module(
        body=[node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)],
        type_ignores=[],
    )
    return {name.split(".")[0] for name in _imported(shallow)}


@pytest.mark.parametrize(
    "name", [name for name in FILES if _room(name)[0] in ("stages", "cli", "core", "")]
)
def test_light_rooms_import_nothing_heavy(name: str) -> None:
    heavy = HEAVY | ({"polars", "numpy"} if _room(name)[0] in ("cli", "") else set())
    assert _top_level(ast.parse(FILES[name].read_text())) & heavy == set()
