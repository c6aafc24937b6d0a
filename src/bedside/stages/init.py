"""Init: a first study file from a file of data: roles guessed, units and doubts left open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bedside.core import cells
from bedside.core.errors import DataError, StudyError

NEEDS: tuple[str, ...] = ()
TINY: dict[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[init]` has no settings."""


class Cell(Protocol):
    """What init asks of a modality."""

    def knows(self, path: Path) -> int:
        """2 where the data is of this modality for sure, 1 where it could be, 0 where not."""

    def draft(self, path: Path, source: str) -> str:
        """The text of a study file for the data at `path`, which it names as `source`."""


def run_init(file: Path, out: Path) -> str:
    """Write a first study file for the data in `file` to `out`, and return its text.

    Raises StudyError when `out` exists, for nothing written by hand is overwritten, and DataError
    when the data cannot be read.
    """
    if out.exists():
        raise StudyError(
            str(out), expected="a new file", found="one that exists", hint="choose another --out"
        )
    if not file.exists():
        raise DataError(file.name, expected="a file or folder of data", found="no such")
    cell = _cell(file)
    beside = file.resolve().parent == out.resolve().parent
    text = cell.draft(file, file.name if beside else str(file.resolve()))
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StudyError(
            str(out), expected="a file that can be written", found=error.strerror or "an error"
        ) from error
    return text


def _cell(file: Path) -> Cell:
    """Of the modality that knows the data best."""
    found: list[Cell] = [
        cells.cell(name, "init") for name, served in cells.matrix().items() if "init" in served
    ]
    best = max(found, key=lambda cell: cell.knows(file))
    if not best.knows(file):
        raise DataError(file.name, expected="a table, or images", found="neither")
    return best
