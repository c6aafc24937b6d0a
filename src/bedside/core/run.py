"""A run: one stage's folder, named by what went in, finished when `DONE` is in it.

The name is `<stage>-<digest>` of the stage's spec, the names of its input runs, outside inputs and
the code. So a finished run is never repeated, and nothing stale is ever used. Files are written
beside and renamed into place; a run that was killed is taken up where its stage left parts.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bedside.core.errors import RunError
from bedside.core.evidence import Evidence, read_evidence, write_evidence
from bedside.core.spec import Plain, digest

DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a stage ended: one sentence, and why it stops the chain, if it does."""

    headline: str
    stop: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder."""

    folder: Path

    @property
    def name(self) -> str:
        """`<stage>-<digest>`."""
        return self.folder.name

    @property
    def stage(self) -> str:
        """The stage that the folder belongs to."""
        return self.name.rsplit("-", 1)[0]

    @property
    def done(self) -> bool:
        """Whether the run is finished."""
        return (self.folder / DONE).is_file()

    def path(self, name: str) -> Path:
        """Where a file of this run lies; its folder is made."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write_json(self, name: str, value: object) -> None:
        """JSON, whole or not at all."""
        write_text(self.path(name), json.dumps(value, indent=1, allow_nan=False))

    def read_json(self, name: str) -> Plain:
        """A JSON file of this run, or a RunError that names it."""
        try:
            value: Plain = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(
                f"{self.name}/{name}",
                expected="a readable JSON file",
                found="none or a damaged one",
                hint=f"remove the folder {self.name} and run again",
            ) from error
        return value

    def write_evidence(self, evidence: Iterable[Evidence]) -> None:
        """All evidence of this run, once; stage and run are filled in."""
        named = [replace(item, stage=self.stage, run=self.name) for item in evidence]
        path = self.path("evidence.jsonl")
        write_evidence(path.with_suffix(".part"), named)
        path.with_suffix(".part").replace(path)

    def evidence(self) -> list[Evidence]:
        """The evidence of this run; none where it measured nothing."""
        path = self.folder / "evidence.jsonl"
        return list(read_evidence(path)) if path.is_file() else []

    def outcome(self) -> Outcome:
        """How the finished run ended."""
        record = self.read_json(DONE)
        if not isinstance(record, dict):
            raise RunError(f"{self.name}/{DONE}", expected="an outcome", found="something else")
        return Outcome(headline=str(record["headline"]), stop=str(record["stop"]))

    def finish(self, outcome: Outcome, seconds: float) -> None:
        """The last write of a run; before it, the folder counts as unfinished."""
        record = {"headline": outcome.headline, "stop": outcome.stop, "seconds": round(seconds, 2)}
        self.write_json(DONE, record)


def name_run(stage: str, *parts: object) -> str:
    """The folder name for a stage and all that goes into it."""
    return f"{stage}-{digest(list(parts))[:16]}"


@contextmanager
def locked(folder: Path) -> Iterator[Run]:
    """A run folder that no other process writes to meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                folder.name,
                expected="to be the only process that writes it",
                found="another one at work",
                hint="wait for it to end, or choose another --out",
            ) from error
        yield Run(folder)


def write_text(path: Path, text: str) -> None:
    """Write beside and rename: readers see the old file or the new one, never half of it."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def place(source: Path, target: Path) -> None:
    """Copy a file or folder to `target`, replacing what was there only when the copy is whole."""
    part = target.with_name(f".{target.name}.part")
    _remove(part)
    if source.is_dir():
        shutil.copytree(source, part)
    else:
        shutil.copy2(source, part)
    if target.is_dir():
        _remove(target)
    part.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
