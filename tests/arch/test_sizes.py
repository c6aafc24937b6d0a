"""Functions small, files readable, names that say something."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import bedside

ROOT = Path(bedside.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
BANNED = re.compile(
    r"(^|_)(utils?|helpers?|common|misc|managers?|handlers?|processors?|wrappers?|engines?)($|_)"
)


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]


def _depth(node: ast.AST, depth: int = 0) -> int:
    nests = (ast.If, ast.For, ast.While, ast.With, ast.Try)
    deepest = depth
    for child in ast.iter_child_nodes(node):
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        step = isinstance(child, nests) and not elif_
        deepest = max(deepest, _depth(child, depth + step))
    return deepest


ALL = [(p, f) for p in FILES for f in _functions(ast.parse(p.read_text()))]


def test_no_function_is_over_60_lines_and_most_are_within_30() -> None:
    lengths = {f"{p.name}:{f.name}": _length(f) for p, f in ALL}
    assert {name: n for name, n in lengths.items() if n > 60} == {}
    assert sum(n <= 30 for n in lengths.values()) / len(lengths) >= 0.9


def test_nesting_is_shallow() -> None:
    deep = [f"{p.name}:{f.name}" for p, f in ALL if _depth(f) > 3]
    assert deep == []


def test_arguments_are_few() -> None:
    """Five in all as a rule; up to eight where all after the second are named by keyword."""
    many = []
    for path, function in ALL:
        a = function.args
        positional = [x for x in a.posonlyargs + a.args if x.arg not in ("self", "cls")]
        total = len(positional) + len(a.kwonlyargs)
        if len(positional) > 5 or total > 8:
            many.append(f"{path.name}:{function.name}")
    assert many == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_opens_with_what_it_is_for_and_stays_readable(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "the first line of a file says what the room is for"
    doc_lines = sum(
        len(doc.splitlines())
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and (doc := ast.get_docstring(node))
    )
    code = sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))
    assert code - doc_lines <= 330
    assert not BANNED.search(path.stem)
    for function in _functions(tree):
        assert not BANNED.search(function.name), function.name


def test_no_assert_and_no_pickle_in_the_package() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text())
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.Assert)], path
        assert not re.search(
            r"\b(pickle|joblib)\b\s*\.|import pickle|import joblib", path.read_text()
        )
