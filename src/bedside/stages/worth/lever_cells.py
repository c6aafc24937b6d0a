"""Which cell of a modality brings which lever."""

from __future__ import annotations

import hashlib
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from bedside.core import cells
from bedside.core.code import code_digest

CELLS = {"synthesis": "synthesize", "pretraining": "pretrain"}


def cells_digest(modality: str) -> str:
    """Of the code that levers and learners come from."""
    total = hashlib.sha256()
    for name in ("train", *CELLS.values()):
        if brings(modality, name):
            total.update(code_digest(f"{cells.modalities()[modality]}.{name}").encode())
    return total.hexdigest()


def lever_cell(modality: str, name: str) -> ModuleType:
    """The module of a modality that brings a lever, `synthesize` or `pretrain`."""
    return import_module(f"{cells.modalities()[modality]}.{name}")


def brings(modality: str, name: str) -> bool:
    """Whether a modality has a cell."""
    return find_spec(f"{cells.modalities()[modality]}.{name}") is not None
