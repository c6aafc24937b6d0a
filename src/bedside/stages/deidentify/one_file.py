"""One file of the source: what to do, doing it, and the line that says that it is done."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.core.errors import DataError
from bedside.core.executor import Executor
from bedside.core.progress import Progress
from bedside.core.pseudonym import Pseudonyms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bedside.adapters.deidentify import Identity, Look, Made, Search

FINISHED = "finished.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to de-identify."""

    source: Path
    where: str
    """`file 17 of 240`: the only name that a message gives it."""
    patient: str
    identity: Identity
    key: Pseudonyms
    keep: tuple[str, ...]
    out: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was done to one file: a line of `finished.jsonl`. It holds no value of the source."""

    source: str = ""
    """Keyed digest of the file's place, size and time."""
    where: str
    place: str = ""
    """Of the new file, below OUT; empty where it was refused."""
    patient: str = ""
    refused: str = ""
    removed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    frames: int = 0
    pixels: int = 0
    covered: int = 0
    found: int = 0
    left: int = 0
    residue: int = 0
    unsearched: int = 0
    """Values of the patient too short or too plain to be searched for."""


def made(jobs: list[Job], executor: Executor, progress: Progress) -> Iterator[Record]:
    """A record for each job, in their order; a file that is finished is searched again, no more."""
    if not jobs:
        return
    path = jobs[0].out / FINISHED
    before = {record.source: record for record in _finished(path)}
    pairs = [(job, before.get(name_of(job))) for job in jobs]
    with path.open("a", encoding="utf-8") as file:
        for number, record in enumerate(executor.map(one, pairs)):
            progress.advance(number, len(jobs), "deidentify")
            if record.source and record.source not in before:
                file.write(json.dumps(asdict(record)) + "\n")
                file.flush()
            yield record


def one(pair: tuple[Job, Record | None]) -> Record:
    """De-identify one file, search it, and place it; or look again at what an earlier run left."""
    from bedside.adapters.deidentify import (
        Patient,
        Search,
        days_of,
        deidentify_file,
        pseudonym_of,
    )

    job, before = pair
    search = Search(job.identity)
    if before is not None and (job.out / before.place).is_file():
        return _searched(replace(before, where=job.where), job, search)
    patient = Patient(
        key=job.key, pseudonym=pseudonym_of(job.key, job.patient),
        days=days_of(job.key, job.patient), search=search, keep=job.keep,
    )  # fmt: skip
    try:
        name = name_of(job)
        file = deidentify_file(job.source, job.where, patient, _look)
    except DataError as error:
        return Record(
            where=job.where, patient=patient.pseudonym,
            refused=f"expected {error.expected}, found {error.found}",
        )  # fmt: skip
    _place(job.out / file.place, file.content)
    return _searched(_record(job, name, patient.pseudonym, file), job, search)


def name_of(job: Job) -> str:
    """What a file is known by from one run to the next; empty where it is not there any more."""
    try:
        state = job.source.stat()
    except OSError:
        return ""
    return job.key.of([str(job.source.resolve()), state.st_size, state.st_mtime_ns])


def _searched(record: Record, job: Job, search: Search) -> Record:
    """Read the file in OUT again; where a value of the patient is in it, it does not stay."""
    from bedside.adapters.deidentify import residue

    path = job.out / record.place
    count = residue(path.read_bytes(), search)
    if not count:
        return record
    path.unlink()
    return Record(
        where=job.where, patient=record.patient, residue=count,
        refused="a value of the patient was still found in the new file, which was taken back",
    )  # fmt: skip


def _record(job: Job, name: str, patient: str, file: Made) -> Record:
    removed: dict[str, dict[str, int]] = {}
    for (keyword, action), count in sorted(file.tally.items()):
        removed.setdefault(keyword, {})[action] = count
    seen = file.looked
    return Record(
        source=name, where=job.where, place=file.place, patient=patient, removed=removed,
        frames=seen.frames, pixels=seen.pixels, covered=seen.covered, found=seen.found,
        left=seen.left, unsearched=job.identity.short,
    )  # fmt: skip


def _look(frame: NDArray[np.generic]) -> Look:
    from bedside.adapters.deidentify import Look
    from bedside.methods.burned_in import cover_text, covering

    seen = cover_text(frame)
    area = covering(frame.shape[:2], seen.boxes).sum()
    return Look(values=seen.values, covered=int(area), left=len(seen.left))


def _place(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _finished(path: Path) -> Iterator[Record]:
    """The records of earlier runs; a last line that was cut off does not count."""
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        try:
            yield Record(**json.loads(line))
        except (ValueError, TypeError):
            continue
