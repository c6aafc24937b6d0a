"""Deidentify: DICOM files without what tells who the patient is, and a search for what is left.

OUT/<pseudonym>/<study>/<series>/<file>.dcm   by new identifiers, never by old names
OUT/removed.json      how often each attribute was removed or replaced; never a value
OUT/refused.json      which files were refused, by number in the sorted source, and why
OUT/evidence.jsonl    what was removed, and what residual risk was measured
OUT/finished.jsonl    what is done, so that a second run goes on
OUT.salt              the secret, beside OUT: with it names and dates could be found again
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bedside.core.errors import DataError, RunError
from bedside.core.executor import Executor, InProcess
from bedside.core.progress import Progress, Silent
from bedside.core.pseudonym import Pseudonyms
from bedside.core.run import locked, write_text
from bedside.core.spec import digest
from bedside.stages.deidentify.one_file import FINISHED, Job, made
from bedside.stages.deidentify.told import told

if TYPE_CHECKING:
    from bedside.adapters.deidentify import Head, Identity

NEEDS: tuple[str, ...] = ()
TINY: dict[str, object] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[deidentify]`: what is kept of what could tell who the patient is."""

    keep: tuple[Literal["dates", "patient", "device", "descriptors"], ...] = ("dates",)
    """`dates` moved by a secret number of days a patient; `patient`: sex, age, size, weight;
    `device`: names and numbers of devices; `descriptors` reduced to known words."""


def deidentify(
    source: Path,
    out: Path,
    *,
    spec: Spec | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> str:
    """De-identify a DICOM file, or each in a folder and its folders, into `out`; a sentence.

    A second run goes on where the first ended, under the same secret. A file in which a value of
    its patient is found after all is not left in `out`.

    Raises DataError where nothing can be de-identified or `out` and `source` lie in one another,
    RunError where `out` cannot be written or was made with other settings.
    """
    spec, progress = spec or Spec(), progress or Silent()
    files = _files(source, out)
    try:
        with locked(out):
            key = _key(out, spec)
            heads, refused = _heads(files, spec, progress)
            jobs = _jobs(files, heads, key, spec, out)
            records = list(made(jobs, executor or InProcess(), progress))
            refused |= {record.where: record.refused for record in records if record.refused}
            return told(out, records, refused)
    except OSError as error:
        raise RunError(
            f"the folder {out.name}", expected="to be writable",
            found=error.strerror or "an error", hint="choose another place for the output",
        ) from None  # fmt: skip


def _files(source: Path, out: Path) -> list[Path]:
    here, there = source.resolve(), out.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise DataError(
            "the output", expected="a folder apart from the source",
            found="one within the other", hint="choose another place for the output",
        )  # fmt: skip
    if source.is_file():
        return [source]
    found = [Path(folder) / name for folder, _, names in os.walk(source) for name in names]
    if not found:
        raise DataError(
            "the source", expected="DICOM files",
            found="an empty folder" if source.is_dir() else "no such file or folder",
        )  # fmt: skip
    return sorted(found)


def _key(out: Path, spec: Spec) -> Pseudonyms:
    """The secret beside `out`; RunError where the files in it were made with another, or else."""
    path = out / FINISHED
    began = path.is_file()
    if began and not out.with_name(f"{out.name}.salt").is_file():
        raise RunError(
            f"{out.name}.salt", expected="the secret that the first run made", found="none",
            hint="bring it back, or choose another place for the output: "
            "under a new secret, identifiers would not fit together",
        )  # fmt: skip
    key = Pseudonyms.beside(out.with_name(f"{out.name}.secret"))
    first = {"settings": digest(spec), "secret": key.of("bedside deidentify")}
    if not began:
        write_text(path, json.dumps(first) + "\n")
    elif json.loads(path.read_text(encoding="utf-8").splitlines()[0]) != first:
        raise RunError(
            f"{out.name}/{FINISHED}", expected="files made with these settings and this secret",
            found="others", hint="choose another place for the output",
        )  # fmt: skip
    return key


def _where(number: int, files: list[Path]) -> str:
    return f"file {number + 1} of {len(files)}"


def _heads(
    files: list[Path], spec: Spec, progress: Progress
) -> tuple[dict[int, Head], dict[str, str]]:
    """What each file says of its patient, and the refusals, by place in the sorted source."""
    from bedside.adapters.deidentify import read_head

    heads: dict[int, Head] = {}
    refused: dict[str, str] = {}
    instances: dict[str, int] = {}
    for number, path in enumerate(files):
        progress.advance(number, len(files), "read")
        try:
            head = read_head(path, _where(number, files), device="device" in spec.keep)
        except DataError as error:
            if len(files) == 1:
                raise
            refused[error.where] = f"expected {error.expected}, found {error.found}"
            continue
        first = instances.setdefault(head.instance, number)
        if first == number:
            heads[number] = head
        else:
            refused[_where(number, files)] = f"the same instance as {_where(first, files)}"
    return heads, refused


def _jobs(
    files: list[Path], heads: Mapping[int, Head], key: Pseudonyms, spec: Spec, out: Path
) -> list[Job]:
    """One a file that was not refused; each knows all that was seen of its patient."""
    seen: dict[str, Identity] = {}
    for head in heads.values():
        known = seen.get(head.patient)
        seen[head.patient] = known | head.identity if known else head.identity
    return [
        Job(
            source=files[number], where=_where(number, files), patient=head.patient,
            identity=seen[head.patient], key=key, keep=tuple(spec.keep), out=out,
        )
        for number, head in heads.items()
    ]  # fmt: skip
