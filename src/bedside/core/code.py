"""Which code a stage runs: part of the name of its run, so that changed code is run again.

The digest covers the stage's file, the modality's cell and all that these import of the same
packages, imports inside functions included; a change elsewhere leaves the run as it is.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def code_digest(*modules: str) -> str:
    """SHA-256 over the sources of `modules` and of what they import, hexadecimal."""
    packages = {name.partition(".")[0] for name in modules} | {"bedside"}
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in seen or name.partition(".")[0] not in packages or _file(name) is None:
            continue
        seen.add(name)
        waiting.extend(_imports(name))
    total = hashlib.sha256()
    for name in sorted(seen):
        total.update(name.encode())
        total.update(_source(name))
    return total.hexdigest()


@cache
def _file(name: str) -> Path | None:
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


@cache
def _source(name: str) -> bytes:
    path = _file(name)
    return path.read_bytes() if path else b""


@cache
def _imports(name: str) -> tuple[str, ...]:
    return tuple(_imported(ast.parse(_source(name))))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
